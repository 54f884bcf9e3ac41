//! The listener, its connections, and the log of what was asked.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use super::Node;
use super::answer::{After, Failure, Outcome, response};
use super::caller::{Caller, authenticate};
use super::calls::Scene;
use super::endpoint::Endpoint;
use super::error::SandboxError;
use super::params::Params;
use super::request::{Head, PATIENCE, decoded_path, is_header_too_large, read_params};

/// How many requests a connection serves (api-facts.md, HTTP layer: "Keep-alive").
const REQUESTS_PER_CONNECTION: u32 = 100;

/// How many header lines hyper reads; of more it says 431, where the server says nothing of 64 and more.
const MOST_HEADERS: usize = 256;

/// How long to wait with the next connection if there is no file descriptor left, say.
const RECOVERY: Duration = Duration::from_millis(50);

/// One request as the log keeps it: no parameters, no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// `GET`, `POST`, `PUT`, `DELETE` or whatever was sent.
    pub method: String,
    /// Below `/api2/json` where it is there at all, percent-decoded, without the query.
    pub path: String,
    /// What was answered.
    pub status: u16,
}

impl Logged {
    /// Whether it asked to change something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.status)
    }
}

/// A sandbox that answers; it stops when this is dropped.
#[derive(Debug)]
pub struct Serving {
    addr: SocketAddr,
    log: Arc<Mutex<Vec<Logged>>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Serving {
    /// Where it answers, as an endpoint: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Every request answered so far, in the order of the answers.
    #[must_use]
    pub fn requests(&self) -> Vec<Logged> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers what was asked already, and stops.
    pub async fn shutdown(mut self) {
        self.stop.take();
        // A panic of the server's task has nobody else to go to.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the handler of a request gets to see.
#[derive(Clone)]
struct Shared {
    node: Arc<Node>,
    log: Arc<Mutex<Vec<Logged>>>,
}

/// Listens on `addr` and answers from `node`.
pub(super) async fn serve(node: Arc<Node>, addr: SocketAddr) -> Result<Serving, SandboxError> {
    let listen = |source| SandboxError::Listen { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let log = Arc::new(Mutex::new(Vec::new()));
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(accept(listener, Shared { node, log: Arc::clone(&log) }, stopped));
    tracing::debug!(%addr, "the sandbox listens");
    Ok(Serving { addr, log, stop: Some(stop), task })
}

/// Takes connections until it is told to stop, and lets those that are under way finish. Dropped, it drops them.
async fn accept(listener: TcpListener, shared: Shared, mut stopped: oneshot::Receiver<()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_headers(MOST_HEADERS);
    let under_way = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(RECOVERY).await;
            continue;
        };
        let (shared, count) = (shared.clone(), Arc::new(AtomicU32::new(0)));
        let service = service_fn(move |request| handle(shared.clone(), Arc::clone(&count), request));
        let connection = under_way.watch(http.serve_connection(TokioIo::new(stream), service));
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    under_way.shutdown().await;
}

/// Answers a request; an error closes the connection without a word.
async fn handle(
    shared: Shared,
    count: Arc<AtomicU32>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    if is_header_too_large(request.headers()) {
        return Err(io::Error::other("the header is too large"));
    }
    let method = request.method().to_string();
    let path = decoded_path(&request);
    let outcome = answer(Arc::clone(&shared.node), request).await;
    let status = outcome.as_ref().map_or_else(Failure::status, |_| 200);
    if status == 401 {
        tokio::time::sleep(shared.node.options.delay_unauthorized).await;
    }
    let path = path.strip_prefix("/api2/json").filter(|path| path.starts_with('/')).unwrap_or(&path).to_owned();
    tracing::debug!(method, path, status, "answered");
    shared.log.lock().unwrap_or_else(PoisonError::into_inner).push(Logged { method, path, status });
    let served = count.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(response(&outcome, if served < REQUESTS_PER_CONNECTION { After::KeepOpen } else { After::Close }))
}

/// Takes a request through the server's own order: HTTP, credential, body, path, permissions, parameters, call.
async fn answer(node: Arc<Node>, request: Request<Incoming>) -> Outcome {
    let head = Head::read(&request)?;
    let (head, caller) = blocking({
        let node = Arc::clone(&node);
        move || {
            let caller = identify(&node, &head)?;
            Ok((head, caller))
        }
    })
    .await?;
    let params = read_params(head.verb, request).await?;
    blocking(move || perform(&node, &head, &caller, params)).await
}

fn identify(node: &Node, head: &Head) -> Result<Caller, Failure> {
    match Endpoint::find(head.verb, &head.path) {
        Ok((endpoint, _)) if endpoint.is_open(&head.path) => Ok(Caller::Nobody),
        _ => authenticate(node, node.folder.read()?.as_ref(), &head.credential, head.intent()),
    }
}

fn perform(node: &Node, head: &Head, caller: &Caller, mut params: Params) -> Outcome {
    let (endpoint, from_path) = Endpoint::find(head.verb, &head.path)?;
    for (name, value) in from_path {
        params.add_from_path(name, value)?;
    }
    endpoint.check_tokens(&head.path, head.credential.is_token())?;
    let state = node.folder.read()?;
    let scene = Scene::new(node, caller, &state);
    endpoint.check_needs(&scene, caller, &params)?;
    endpoint.serve(&scene, &params)
}

/// Runs what reads files, waits for locks and hashes passwords where it holds up nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let died = |_| Err(Failure::died("unexpected end of the call"));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(died)
}
