//! Ctrl-C, and servers that stop answering.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::desk::{Desk, HOMEPAGE};

/// What becomes of the request that is waited for.
pub enum Then {
    /// It goes on once this says so.
    Hold { reached: mpsc::Sender<()>, released: oneshot::Receiver<()> },
    /// The server gets it, and its answer is lost.
    LoseAnswer,
}

/// A way to the sandbox on which the first request that begins with `start` meets with `then`.
pub async fn detour(desk: &Desk, start: &'static str, then: Then) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = desk.serving.addr();
    let then = std::sync::Arc::new(tokio::sync::Mutex::new(Some(then)));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, server, start, std::sync::Arc::clone(&then)));
        }
    });
    url
}

async fn pass(
    mut client: TcpStream,
    server: std::net::SocketAddr,
    start: &'static str,
    then: std::sync::Arc<tokio::sync::Mutex<Option<Then>>>,
) {
    let mut upstream = TcpStream::connect(server).await.unwrap();
    let (mut request, mut answer) = (vec![0; 65_536], vec![0; 65_536]);
    let mut loses = false;
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(length @ 1..) = read else { return };
                if request.starts_with(start.as_bytes()) && let Some(then) = then.lock().await.take() {
                    match then {
                        Then::Hold { reached, released } => {
                            reached.send(()).await.unwrap();
                            released.await.unwrap();
                        }
                        Then::LoseAnswer => loses = true,
                    }
                }
                if upstream.write_all(&request[..length]).await.is_err() { return }
            }
            read = upstream.read(&mut answer) => {
                let Ok(length @ 1..) = read else { return };
                if loses || client.write_all(&answer[..length]).await.is_err() { return }
            }
        }
    }
}

#[test]
fn an_interrupted_apply_says_what_was_done_and_the_next_one_goes_on() {
    let said: Vec<String> = ["-INT", "-TERM", "-HUP"].into_iter().map(interrupted_by).collect();
    insta::assert_snapshot!(said[0]);
    assert!(said.iter().all(|other| *other == said[0]), "{said:#?}");
}

/// `nohup` has the signal ignored, and a terminal that goes away is none of the run's business then.
#[test]
fn what_was_to_be_ignored_is_ignored() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let (reached, mut is_reached) = mpsc::channel(1);
    let (release, released) = oneshot::channel();
    let url = desk.wait(detour(&desk, "POST /api2/json/access/users ", Then::Hold { reached, released }));
    let plain = desk.command_at(&url, &desk.token, &["apply", "--yes"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    desk.wait(is_reached.recv()).unwrap();
    assert!(Command::new("kill").args(["-HUP", &child.id().to_string()]).status().unwrap().success());
    release.send(()).unwrap();
    let ran = desk.ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.seen());
}

fn interrupted_by(signal: &str) -> String {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let (reached, mut is_reached) = mpsc::channel(1);
    let (release, released) = oneshot::channel();
    let url = desk.wait(detour(&desk, "POST /api2/json/access/users ", Then::Hold { reached, released }));

    let mut command = desk.command_at(&url, &desk.token, &["apply", "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    desk.wait(is_reached.recv()).unwrap();
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert_eq!(said, "Stopping once the request under way is answered.\n");
    release.send(()).unwrap();
    stderr.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();

    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
    desk.ran(&output).seen().replace(&url, "[URL]")
}

#[test]
fn a_token_whose_secret_got_lost_on_the_way_is_made_anew() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let url = desk.wait(detour(&desk, "POST /api2/json/access/users/api", Then::LoseAnswer));
    let ran = desk.ran(&desk.command_at(&url, &desk.token, &["apply", "--yes"]).output().unwrap());
    insta::assert_snapshot!(ran.seen().replace(&url, "[URL]"));
    let stored = desk.read("cluster/priv/token.cfg");
    let secret = stored.lines().find_map(|line| line.strip_prefix("api@pam!homepage ")).unwrap();
    assert_eq!(desk.read("secrets/homepage.env"), format!("HOMEPAGE_VAR_PROXMOX_TOKEN={secret}\n"));
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
}

#[test]
fn a_request_whose_answer_got_lost_is_found_done() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let url = desk.wait(detour(&desk, "POST /api2/json/access/groups ", Then::LoseAnswer));
    let ran = desk.ran(&desk.command_at(&url, &desk.token, &["apply", "--yes", "--no-lock"]).output().unwrap());
    insta::assert_snapshot!(ran.seen().replace(&url, "[URL]"));
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
}
