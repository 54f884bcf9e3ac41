//! Every recorded conversation with a real server goes the same way with the sandbox.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use pve_access::sandbox::{Sandbox, Serving};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixtures;

#[test]
fn the_sandbox_answers_as_the_server_did() {
    fixtures::check_all(&fixtures::files("transcripts", ".jsonl"), replay);
}

/// A line of a transcript: the scenario's name first, then requests with their answers, the file at last.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Request(Box<Exchange>),
    Last {
        user_cfg_after: String,
    },
    First {
        #[serde(rename = "scenario")]
        _scenario: String,
    },
}

#[derive(Deserialize)]
struct Exchange {
    r#as: String,
    method: String,
    path: String,
    #[serde(default)]
    form: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    json: Option<Value>,
    status: u16,
    reason: String,
    body: Value,
}

fn replay(file: &Path) -> Result<(), String> {
    let text = fixtures::text(file)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut player = Player::start(dir.path()).await?;
        let mut report = String::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line: Line = serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))?;
            let difference = match line {
                Line::First { .. } => Ok(()),
                Line::Request(exchange) => player.play(&exchange).await,
                Line::Last { user_cfg_after } => {
                    fixtures::compare(&user_cfg_after, &fixtures::text(&dir.path().join("user.cfg"))?)
                }
            };
            if let Err(difference) = difference {
                // Writing to a String cannot fail.
                let _ = writeln!(report, "line {number}: {difference}");
            }
        }
        if report.is_empty() { Ok(()) } else { Err(report) }
    })
}

/// A client with all the credentials that it has come across.
struct Player {
    serving: Serving,
    secrets: BTreeMap<String, SecretString>,
    old_secrets: BTreeMap<String, SecretString>,
    passwords: BTreeMap<String, SecretString>,
    tickets: BTreeMap<String, Ticket>,
}

#[derive(Clone)]
struct Ticket {
    ticket: SecretString,
    csrf: SecretString,
}

/// A request as it goes over the wire: clients of HTTP take `/access/groups/.` for another path.
struct Request {
    line: String,
    header: String,
    body: String,
}

impl Request {
    fn header(mut self, name: &str, value: impl std::fmt::Display) -> Request {
        self.header.push_str(&format!("{name}: {value}\r\n"));
        self
    }
}

/// What came back.
struct Answer {
    status: u16,
    reason: String,
    body: Value,
}

impl Player {
    async fn start(dir: &Path) -> Result<Player, String> {
        let sandbox = Sandbox::open(dir).map_err(|error| error.to_string())?;
        let (token, secret) = sandbox.admin_token().map_err(|error| error.to_string())?.ok_or("no admin token")?;
        let localhost = "127.0.0.1:0".parse().map_err(|_| "not an address")?;
        Ok(Player {
            serving: sandbox.serve(localhost).await.map_err(|error| error.to_string())?,
            secrets: BTreeMap::from([(token.to_string(), secret)]),
            old_secrets: BTreeMap::new(),
            passwords: BTreeMap::from([("root@pam".to_owned(), SecretString::from("rootpass"))]),
            tickets: BTreeMap::new(),
        })
    }

    /// Sends a recorded request and compares the answers.
    async fn play(&mut self, exchange: &Exchange) -> Result<(), String> {
        let request = request(&exchange.method, &exchange.path, exchange.form.as_ref(), exchange.json.as_ref());
        let request = self.authenticate(request, &exchange.r#as).await?;
        let answer = self.send(request).await?;
        self.learn(exchange, &answer.body);
        let is_ordered = exchange.path == "/access/users";
        let recorded = say(exchange.status, &exchange.reason, exchange.body.clone(), is_ordered);
        let ours = say(answer.status, &answer.reason, answer.body, is_ordered);
        fixtures::compare(&recorded, &ours)
            .map_err(|difference| format!("{} as {}\n{difference}", describe(exchange), exchange.r#as))
    }

    /// Adds the credential that `who` stands for: a token, a login, or one of the wrong ones.
    async fn authenticate(&mut self, request: Request, who: &str) -> Result<Request, String> {
        let token = |id: &str, secret: &str| format!("PVEAPIToken={id}={secret}");
        let wrong = "00000000-0000-4000-8000-000000000000";
        Ok(match who {
            "none" => request,
            "bad secret" => request.header("Authorization", token("root@pam!admin", wrong)),
            "no such token" => request.header("Authorization", token("root@pam!nope", wrong)),
            _ if who.contains('!') => {
                let (id, secret) = match who.strip_prefix("old secret of ") {
                    Some(id) => (id, self.old_secrets.get(id)),
                    None => (who, self.secrets.get(who)),
                };
                let secret = secret.ok_or_else(|| format!("no secret of {id} is known"))?;
                request.header("Authorization", token(id, secret.expose_secret()))
            }
            _ => {
                let (user, has_csrf) = match who.strip_suffix(" without CSRF") {
                    Some(user) => (user, false),
                    None => (who, true),
                };
                let Ticket { ticket, csrf } = self.log_in(user).await?;
                let encoded = utf8_percent_encode(ticket.expose_secret(), NON_ALPHANUMERIC);
                let request = request.header("Cookie", format!("PVEAuthCookie={encoded}"));
                if has_csrf { request.header("CSRFPreventionToken", csrf.expose_secret()) } else { request }
            }
        })
    }

    /// The ticket of `user`, the same one every time.
    async fn log_in(&mut self, user: &str) -> Result<Ticket, String> {
        if let Some(ticket) = self.tickets.get(user) {
            return Ok(ticket.clone());
        }
        let password = self.passwords.get(user).ok_or_else(|| format!("no password of {user} is known"))?;
        let form = BTreeMap::from([
            ("username".to_owned(), Value::from(user)),
            ("password".to_owned(), Value::from(password.expose_secret())),
        ]);
        let answer = self.send(request("POST", "/access/ticket", Some(&form), None)).await?;
        let text = |name: &str| answer.body["data"][name].as_str().map(SecretString::from);
        let (Some(ticket), Some(csrf)) = (text("ticket"), text("CSRFPreventionToken")) else {
            return Err(format!("{user} cannot log in: {} {}", answer.status, answer.reason));
        };
        let ticket = Ticket { ticket, csrf };
        self.tickets.insert(user.to_owned(), ticket.clone());
        Ok(ticket)
    }

    async fn send(&self, request: Request) -> Result<Answer, String> {
        let Request { line, header, body } = request;
        let text = format!("{line}\r\n{header}Content-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(self.serving.addr()).await.map_err(|error| error.to_string())?;
        stream.write_all(text.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.map_err(|error| error.to_string())?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        let mut words = head.lines().next().unwrap_or_default().splitn(3, ' ').skip(1);
        let status = words.next().and_then(|status| status.parse().ok()).ok_or("no status")?;
        let reason = words.next().unwrap_or_default().to_owned();
        let body = match body {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        };
        Ok(Answer { status, reason, body })
    }

    /// Remembers the secrets in an answer and the passwords in a request.
    fn learn(&mut self, exchange: &Exchange, body: &Value) {
        let data = &body["data"];
        if let (Some(token), Some(secret)) = (data["full-tokenid"].as_str(), data["value"].as_str())
            && let Some(old) = self.secrets.insert(token.to_owned(), SecretString::from(secret))
        {
            self.old_secrets.insert(token.to_owned(), old);
        }
        let given = |name: &str| match &exchange.json {
            Some(json) => json[name].as_str(),
            None => exchange.form.as_ref()?.get(name)?.as_str(),
        };
        if let (Some(user), Some(password)) = (given("userid"), given("password")) {
            self.passwords.insert(user.to_owned(), SecretString::from(password));
        }
    }
}

fn request(method: &str, path: &str, form: Option<&BTreeMap<String, Value>>, json: Option<&Value>) -> Request {
    let form = form.map(encode).unwrap_or_default();
    let has_body = matches!(method, "POST" | "PUT");
    let query = if has_body || form.is_empty() { String::new() } else { format!("?{form}") };
    let (kind, body) = match json {
        Some(json) => ("application/json", json.to_string()),
        None => ("application/x-www-form-urlencoded", if has_body { form } else { String::new() }),
    };
    const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ');
    let path = utf8_percent_encode(path, UNSENDABLE);
    let line = format!("{method} /api2/json{path}{query} HTTP/1.1");
    let request = Request { line, header: "Host: localhost\r\nConnection: close\r\n".to_owned(), body };
    if has_body { request.header("Content-Type", kind) } else { request }
}

fn encode(form: &BTreeMap<String, Value>) -> String {
    let pair = |name: &str, value: &Value| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={}", utf8_percent_encode(name, NON_ALPHANUMERIC), utf8_percent_encode(&value, NON_ALPHANUMERIC))
    };
    // A list is a key that is repeated.
    let pairs = form.iter().flat_map(|(name, value)| match value {
        Value::Array(items) => items.iter().map(|item| pair(name, item)).collect(),
        value => vec![pair(name, value)],
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// An answer as comparable text: secrets as the recording hides them, and lists sorted that the server shuffles.
fn say(status: u16, reason: &str, mut body: Value, is_ordered: bool) -> String {
    hide(&mut body);
    if !is_ordered {
        sort(&mut body);
    }
    let body = serde_json::to_string_pretty(&body).unwrap_or_default();
    format!("{status} {reason}\n{body}\n")
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let hidden = match (name.as_str(), member.as_str()) {
                    ("value", Some(text)) if uuid::Uuid::parse_str(text).is_ok() => Some("<uuid>"),
                    ("ticket", Some(text)) if text.starts_with("PVE:") => Some("<ticket>"),
                    ("CSRFPreventionToken", Some(text)) if text.contains(':') => Some("<csrf>"),
                    _ => None,
                };
                match hidden {
                    Some(hidden) => *member = Value::from(hidden),
                    None => hide(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn sort(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(sort),
        Value::Array(items) => {
            items.iter_mut().for_each(sort);
            items.sort_by_cached_key(Value::to_string);
        }
        _ => {}
    }
}

fn describe(exchange: &Exchange) -> String {
    let form = exchange.form.as_ref().map(encode).unwrap_or_default();
    let json = exchange.json.as_ref().map(Value::to_string).unwrap_or_default();
    format!("{} {} {form}{json}", exchange.method, exchange.path)
}
