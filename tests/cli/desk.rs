//! A sandbox, a folder of files, and the program run against them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use pve_access::sandbox::{Logged, Options, Sandbox, Serving};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub use super::story::HOMEPAGE;

pub struct Desk {
    dir: TempDir,
    runtime: Runtime,
    pub serving: Serving,
    pub token: String,
}

/// What a run of the program printed, without what differs from run to run.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// All of it, as a reader of the terminal and of `$?` sees it.
    pub fn seen(&self) -> String {
        let mut seen = self.stdout.clone();
        if !self.stderr.is_empty() {
            seen.push_str("--- standard error\n");
            seen.push_str(&self.stderr);
        }
        format!("{seen}--- exit {}\n", self.code)
    }
}

/// Somebody else's HTTP client.
pub fn http() -> reqwest::Client {
    // The second time it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Desk {
    pub fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        Desk::over(dir, Options::default())
    }

    /// A desk whose cluster starts from this user.cfg, after the lines of root@pam.
    pub fn with_user_cfg(lines: &str) -> Desk {
        Desk::with_options(lines, Options::default())
    }

    /// The same with a server that differs on purpose.
    pub fn with_options(lines: &str, options: Options) -> Desk {
        let dir = tempfile::tempdir().unwrap();
        Sandbox::open(&dir.path().join("cluster")).unwrap();
        let file = dir.path().join("cluster/user.cfg");
        let fresh = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{fresh}\n{lines}")).unwrap();
        Desk::over(dir, options)
    }

    fn over(dir: TempDir, options: Options) -> Desk {
        let runtime = Runtime::new().unwrap();
        let sandbox = Sandbox::open_with(&dir.path().join("cluster"), options).unwrap();
        let (id, secret) = sandbox.admin_token().unwrap().unwrap();
        let serving = runtime.block_on(sandbox.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).unwrap();
        Desk { dir, runtime, serving, token: format!("{id}={}", secret.expose_secret()) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// As [`Desk::write`], for its owner's eyes alone.
    pub fn write_private(&self, name: &str, text: &str) {
        self.write(name, text);
        self.set_mode(name, 0o600);
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program, ready to run in the folder against the sandbox.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_at(&self.serving.url(), &self.token, arguments)
    }

    /// The program against another endpoint, or as somebody else.
    pub fn command_at(&self, url: &str, token: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pve-access"));
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.path("state"))
            .env("USER", "ann")
            .env("PROXMOX_VE_ENDPOINT", url)
            .env("PROXMOX_VE_API_TOKEN", token)
            .args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(&self.command(arguments).output().unwrap())
    }

    /// What `command` says of this user.cfg.
    pub fn asked(user_cfg: &str, command: &str, arguments: &[&str]) -> String {
        let desk = Desk::new();
        desk.write("user.cfg", user_cfg);
        let mut all = vec![command, "--live", "user.cfg"];
        all.extend(arguments);
        desk.run(&all).seen()
    }

    /// As [`Desk::run`], with something on standard input.
    pub fn pipe(&self, input: &str, arguments: &[&str]) -> Ran {
        let output = assert_cmd::Command::from_std(self.command(arguments)).write_stdin(input).output().unwrap();
        self.ran(&output)
    }

    pub fn ran(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(&self.serving.url(), "[URL]").replace(&self.dir.path().display().to_string(), "[FOLDER]")
        };
        Ran { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// What somebody does by hand, with curl say: parameters as `name=value`, joined by `&`.
    pub fn by_hand(&self, method: &str, path: &str, parameters: &str) -> String {
        let url = format!("{}/api2/json{path}", self.serving.url());
        let request =
            http().request(method.parse().unwrap(), url).header("Authorization", format!("PVEAPIToken={}", self.token));
        let request = match method {
            "GET" | "DELETE" => request,
            _ => request.header("Content-Type", "application/x-www-form-urlencoded").body(parameters.to_owned()),
        };
        self.runtime.block_on(async {
            let response = request.send().await.unwrap();
            let status = response.status();
            let text = response.text().await.unwrap();
            assert!(status.is_success(), "{status} {text}");
            text
        })
    }

    /// Makes a token, and gives what it is used with.
    pub fn new_token(&self, token: &str, parameters: &str) -> String {
        let (user, name) = token.split_once('!').unwrap();
        let answer = self.by_hand("POST", &format!("/access/users/{user}/token/{name}"), parameters);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        format!("{token}={}", answer["data"]["value"].as_str().unwrap())
    }

    /// What `user` gets for its password.
    pub fn ticket(&self, user: &str, password: &str) -> String {
        let url = format!("{}/api2/json/access/ticket", self.serving.url());
        let form = http().post(url).header("Content-Type", "application/x-www-form-urlencoded");
        let request = form.body(format!("username={user}&password={password}")).send();
        let answer = self.wait(async { request.await.unwrap().text().await.unwrap() });
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["data"]["ticket"].as_str().unwrap().to_owned()
    }

    /// Runs something asynchronous.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// What the server was asked while `act` was at it.
    pub fn requests_of<T>(&self, act: impl FnOnce() -> T) -> (T, Vec<Logged>) {
        let before = self.serving.requests().len();
        let result = act();
        (result, self.serving.requests().split_off(before))
    }
}
