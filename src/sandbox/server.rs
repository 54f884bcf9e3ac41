//! The listener, its connections, and the log of what was asked.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::http::{Request, Response};
use axum::serve::IncomingStream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Node;
use super::answer::{After, Failure, Outcome, response};
use super::caller::{Caller, authenticate};
use super::calls::Scene;
use super::endpoint::Endpoint;
use super::error::SandboxError;
use super::params::Params;
use super::request::{Head, decoded_path, read_params};

/// How many requests a connection serves (api-facts.md, HTTP layer: "Keep-alive").
const REQUESTS_PER_CONNECTION: u32 = 100;

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

/// A connection, by how many requests it has brought.
#[derive(Clone)]
struct Connection(Arc<AtomicU32>);

impl Connected<IncomingStream<'_, TcpListener>> for Connection {
    fn connect_info(_: IncomingStream<'_, TcpListener>) -> Connection {
        Connection(Arc::new(AtomicU32::new(0)))
    }
}

/// Listens on `addr` and answers from `node`.
pub(super) async fn serve(node: Arc<Node>, addr: SocketAddr) -> Result<Serving, SandboxError> {
    let listen = |source| SandboxError::Listen { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let log = Arc::new(Mutex::new(Vec::new()));
    let router = Router::new().fallback(handle).with_state(Shared { node, log: Arc::clone(&log) });
    let service = router.into_make_service_with_connect_info::<Connection>();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let server = axum::serve(listener, service).with_graceful_shutdown(async { drop(stopped.await) });
        if let Err(error) = server.await {
            tracing::error!(%error, "the sandbox stopped");
        }
    });
    tracing::debug!(%addr, "the sandbox listens");
    Ok(Serving { addr, log, stop: Some(stop), task })
}

async fn handle(
    State(shared): State<Shared>,
    ConnectInfo(Connection(count)): ConnectInfo<Connection>,
    request: Request<Body>,
) -> Response<Body> {
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
    response(&outcome, if served < REQUESTS_PER_CONNECTION { After::KeepOpen } else { After::Close })
}

/// Takes a request through the server's own order: HTTP, credential, body, path, permissions, parameters, call.
async fn answer(node: Arc<Node>, request: Request<Body>) -> Outcome {
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
