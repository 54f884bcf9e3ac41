//! A way to a server on which one request goes wrong.
//!
//! It knows just enough HTTP/1.1 to tell one request from the next, and speaks to a server that gives the length of its
//! answers.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, RwLock};
use tokio::task::JoinHandle;

/// Which requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    Reads,
    Writes,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Counted::Reads => "read",
            Counted::Writes => "write",
        })
    }
}

/// Where something goes wrong: at the `nth` of these, the first of which is 0.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub counted: Counted,
    pub nth: usize,
}

/// Whether the server gets a request that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acts {
    Never,
    Before,
    /// After this many further requests have come by, or when [`Proxy::catch_up`] is called.
    Later(usize),
}

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// For a moment, nobody listens.
    Refuse,
    /// The connection is closed instead of an answer.
    Cut(Acts),
    /// No answer comes, and the connection stays.
    Stall(Acts),
    /// The answer comes at a few bytes a second.
    Slow,
    /// The answer breaks off in the middle of its body.
    Truncate,
    /// These bytes come instead of the answer.
    Instead(&'static str, Acts),
    /// [`Proxy::held`] is told, and no answer comes.
    Hold(Acts),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Refuse => f.write_str("refused"),
            Fault::Cut(acts) => write!(f, "cut, the server acting: {acts:?}"),
            Fault::Stall(acts) => write!(f, "stalled, the server acting: {acts:?}"),
            Fault::Slow => f.write_str("slow"),
            Fault::Truncate => f.write_str("truncated"),
            Fault::Instead(bytes, acts) => {
                write!(f, "answered {}, the server acting: {acts:?}", bytes.lines().next().unwrap_or_default())
            }
            Fault::Hold(acts) => write!(f, "held, the server acting: {acts:?}"),
        }
    }
}

/// What others than the API say, as they say it.
pub mod said {
    pub const PLAIN_500: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 21\r\n\r\nInternal Server Error";
    pub const JSON_500: &str = "HTTP/1.1 500 got no worker\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n{\"data\":null,\"message\":\"got no worker\\n\" }";
    pub const NGINX_502: &str = "HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    pub const NGINX_504: &str = "HTTP/1.1 504 Gateway Time-out\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n</html>\r\n";
    pub const HAPROXY_503: &str = "HTTP/1.0 503 Service Unavailable\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\r\n<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n";
    pub const REFUSED_595: &str = "HTTP/1.1 595 Connection refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    pub const TIMED_OUT_596: &str =
        "HTTP/1.1 596 Connection timed out\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    pub const PORTAL_200: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 31\r\n\r\n<html>Please log in here</html>";
    pub const OTHER_JSON_200: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";
    pub const NO_HTTP: &str = "SSH-2.0-OpenSSH_9.9\r\n";
}

/// A request that the server gets later.
struct Late {
    after: usize,
    request: Vec<u8>,
}

#[derive(Default)]
struct Passed {
    reads: usize,
    writes: usize,
    late: Vec<Late>,
}

struct Shared {
    server: SocketAddr,
    strike: Option<(Place, Fault)>,
    passed: Mutex<Passed>,
    /// Whether requests are passed on; read for as long as one is.
    is_open: RwLock<bool>,
    held: Notify,
    refuse: Notify,
}

impl Shared {
    async fn pass(&self, request: &[u8]) -> Option<Vec<u8>> {
        let is_open = self.is_open.read().await;
        if *is_open { exchange(self.server, request).await } else { None }
    }
}

/// The way; it is closed when this is dropped.
pub struct Proxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// A way to `server` on which this goes wrong, once.
    pub async fn start(server: SocketAddr, strike: Option<(Place, Fault)>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server,
            strike,
            passed: Mutex::default(),
            is_open: RwLock::new(true),
            held: Notify::new(),
            refuse: Notify::new(),
        });
        let task = tokio::spawn(accept(listener, addr, shared.clone()));
        Proxy { addr, shared, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How many reads and writes came by.
    pub fn passed(&self) -> (usize, usize) {
        let passed = self.shared.passed.lock().unwrap();
        (passed.reads, passed.writes)
    }

    /// Waits until the request that is to be held is.
    pub async fn held(&self) {
        self.shared.held.notified().await;
    }

    /// Waits for what is on its way, passes nothing on any more, and lets the server have what it was to get later.
    pub async fn catch_up(&self) {
        *self.shared.is_open.write().await = false;
        let late = std::mem::take(&mut self.shared.passed.lock().unwrap().late);
        for Late { after: _, request } in late {
            exchange(self.shared.server, &request).await;
        }
    }
}

async fn accept(listener: TcpListener, addr: SocketAddr, shared: Arc<Shared>) {
    const AWAY: Duration = Duration::from_millis(5);
    let mut listener = Some(listener);
    loop {
        let Some(listening) = &listener else {
            tokio::time::sleep(AWAY).await;
            listener = TcpListener::bind(addr).await.ok();
            continue;
        };
        tokio::select! {
            () = shared.refuse.notified() => listener = None,
            accepted = listening.accept() => if let Ok((client, _)) = accepted {
                tokio::spawn(serve(client, shared.clone()));
            },
        }
    }
}

/// Passes the requests of one connection on, one after the other.
async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    let mut rest = Vec::new();
    while let Some(request) = read_message(&mut client, &mut rest).await {
        let (fault, due) = count(&shared, &request);
        for late in due {
            shared.pass(&late).await;
        }
        let answer = match fault {
            Some(fault) => strike(fault, &request, &mut client, &shared).await,
            None => shared.pass(&request).await,
        };
        match answer {
            Some(answer) if client.write_all(&answer).await.is_ok() => {}
            _ => return,
        }
    }
}

/// What goes wrong with this request, and which others are due before it.
fn count(shared: &Shared, request: &[u8]) -> (Option<Fault>, Vec<Vec<u8>>) {
    let mut passed = shared.passed.lock().unwrap();
    let (counted, nth) = if request.starts_with(b"GET ") {
        passed.reads += 1;
        (Counted::Reads, passed.reads - 1)
    } else {
        passed.writes += 1;
        (Counted::Writes, passed.writes - 1)
    };
    for late in &mut passed.late {
        late.after = late.after.saturating_sub(1);
    }
    let (due, waiting): (Vec<Late>, Vec<Late>) = passed.late.drain(..).partition(|late| late.after == 0);
    passed.late = waiting;
    let fault = shared.strike.filter(|(place, _)| place.counted == counted && place.nth == nth);
    (fault.map(|(_, fault)| fault), due.into_iter().map(|late| late.request).collect())
}

/// What the client gets; nothing if the connection ends.
async fn strike(fault: Fault, request: &[u8], client: &mut TcpStream, shared: &Shared) -> Option<Vec<u8>> {
    let act = async |acts| match acts {
        Acts::Never => {}
        Acts::Before => drop(shared.pass(request).await),
        Acts::Later(after) => {
            shared.passed.lock().unwrap().late.push(Late { after, request: request.to_vec() });
        }
    };
    match fault {
        Fault::Refuse => {
            // The request came before it could be refused: its connection is reset, and the next one meets nobody.
            shared.refuse.notify_one();
            tokio::task::yield_now().await;
            None
        }
        Fault::Cut(acts) => {
            act(acts).await;
            None
        }
        Fault::Stall(acts) => {
            act(acts).await;
            gone(client).await;
            None
        }
        Fault::Hold(acts) => {
            act(acts).await;
            shared.held.notify_one();
            gone(client).await;
            None
        }
        Fault::Instead(bytes, acts) => {
            act(acts).await;
            let _ = client.write_all(bytes.as_bytes()).await;
            None
        }
        Fault::Slow => {
            const BYTES: usize = 3;
            const EACH: Duration = Duration::from_millis(20);
            for bytes in shared.pass(request).await?.chunks(BYTES) {
                client.write_all(bytes).await.ok()?;
                tokio::time::sleep(EACH).await;
            }
            None
        }
        Fault::Truncate => {
            let answer = shared.pass(request).await?;
            let _ = client.write_all(&answer[..answer.len() - 2]).await;
            None
        }
    }
}

/// Waits until the client gives up.
async fn gone(client: &mut TcpStream) {
    let mut ignored = [0; 64];
    while matches!(client.read(&mut ignored).await, Ok(1..)) {}
}

/// Sends a request on a connection of its own, and gives the whole answer.
async fn exchange(server: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    stream.write_all(request).await.ok()?;
    read_message(&mut stream, &mut Vec::new()).await
}

/// Reads one message, head and body; nothing once the connection has ended. What came beyond it stays in `rest`.
async fn read_message(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = loop {
        if let Some(at) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&rest[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let end = end + length.unwrap_or(0);
    while rest.len() < end {
        if stream.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    }
    let behind = rest.split_off(end);
    Some(std::mem::replace(rest, behind))
}
