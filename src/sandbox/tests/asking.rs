//! Asking as somebody, and what is answered in one line.

use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Stage, body, status_line};

/// A caller, by the header lines that prove who it is.
pub(super) struct Caller(pub(super) String);

impl Caller {
    pub(super) fn nobody() -> Caller {
        Caller(String::new())
    }
}

impl Stage {
    pub(super) fn admin_token(&self) -> Caller {
        Caller(format!("Authorization: PVEAPIToken=root@pam!admin={}\r\n", self.secret.expose_secret()))
    }

    /// Logs in, root@pam with the password of a fresh node.
    pub(super) async fn log_in(&self, user: &str, password: &str) -> Caller {
        let form = format!("username={user}&password={password}");
        let answer = self.send(&Caller::nobody(), "POST /access/ticket", &form).await;
        let answer: Value = serde_json::from_str(body(&answer)).unwrap();
        let text = |name: &str| answer["data"][name].as_str().unwrap().to_owned();
        let (ticket, csrf) = (text("ticket"), text("CSRFPreventionToken"));
        Caller(format!("Cookie: PVEAuthCookie={ticket}\r\nCSRFPreventionToken: {csrf}\r\n"))
    }

    /// A user that can log in, logged in.
    pub(super) async fn user(&self, user: &str) -> Caller {
        let form = format!("userid={user}&password=password1");
        self.expect(&self.admin_token(), "POST /access/users", &form, "200 null").await;
        self.log_in(user, "password1").await
    }

    pub(super) async fn grant(&self, path: &str, user: &str, roles: &str) {
        let form = format!("path={path}&users={user}&roles={roles}");
        self.expect(&self.admin_token(), "PUT /access/acl", &form, "200 null").await;
    }

    pub(super) async fn send(&self, who: &Caller, line: &str, form: &str) -> String {
        let (method, path) = line.split_once(' ').unwrap();
        let credential = &who.0;
        let request = match method {
            "GET" | "DELETE" => format!("{method} /api2/json{path}?{form} HTTP/1.1\r\n{credential}\r\n"),
            _ => {
                let length = form.len();
                format!("{method} /api2/json{path} HTTP/1.1\r\n{credential}Content-Length: {length}\r\n\r\n{form}")
            }
        };
        self.ask(&request).await
    }

    /// Checks what is answered: the status, then the data, or the message and what is said of each parameter.
    #[track_caller]
    pub(super) fn expect(&self, who: &Caller, line: &str, form: &str, expected: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.send(who, line, form).await;
            let status = status_line(&answer).split(' ').nth(1).unwrap();
            let answer: Value = serde_json::from_str(body(&answer)).unwrap();
            let message = answer["message"].as_str().unwrap_or_default().trim_end().replace('\n', " | ");
            let said = match (status, answer["errors"].as_object()) {
                ("200", _) => format!("200 {}", answer["data"]),
                (_, None) => format!("{status} {message}"),
                (_, Some(errors)) => {
                    let errors = errors.iter().map(|(name, text)| {
                        let text = text.as_str().unwrap().trim_end().replace('\n', " | ");
                        format!("{name}: {text}")
                    });
                    format!("{status} {}", errors.collect::<Vec<_>>().join(" | "))
                }
            };
            assert_eq!(said, expected, "{line} {form}, {caller}");
        }
    }
}
