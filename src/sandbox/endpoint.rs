//! The calls that the sandbox knows: path, parameters, what they need, and what they do.

use std::fmt;

use super::answer::{Failure, Outcome};
use super::caller::Caller;
use super::calls::{CALLS, Scene};
use super::check::Needs;
use super::params::Params;
use super::schema::{Checked, Property};

/// A method of HTTP that calls are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Delete => "DELETE",
        })
    }
}

/// Whether API tokens may make a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tokens {
    Welcome,
    /// Not even those of `root@pam` (api-facts.md, Authentication: "Never with a token").
    Refused,
}

/// One call.
pub(super) struct Endpoint {
    verb: Verb,
    /// With `{name}` for a parameter that is one whole word.
    path: &'static str,
    properties: &'static [Property],
    needs: Needs,
    tokens: Tokens,
    serve: fn(&Scene<'_>, &Checked) -> Outcome,
}

impl Endpoint {
    pub(super) const fn new(
        verb: Verb,
        path: &'static str,
        properties: &'static [Property],
        needs: Needs,
        serve: fn(&Scene<'_>, &Checked) -> Outcome,
    ) -> Endpoint {
        Endpoint { verb, path, properties, needs, tokens: Tokens::Welcome, serve }
    }

    /// The call for those who have logged in alone.
    pub(super) const fn without_tokens(mut self) -> Endpoint {
        self.tokens = Tokens::Refused;
        self
    }

    /// The call at `path`, and what the path says of its parameters.
    pub(super) fn find<'a>(verb: Verb, path: &'a str) -> Result<(&'static Endpoint, PathParams<'a>), Failure> {
        CALLS
            .iter()
            .flat_map(|calls| calls.iter())
            .filter(|endpoint| endpoint.verb == verb)
            .find_map(|endpoint| Some((endpoint, endpoint.matches(path)?)))
            .ok_or_else(|| Failure::NoSuchMethod(format!("Method '{verb} {path}' not implemented")))
    }

    fn matches<'a>(&self, path: &'a str) -> Option<PathParams<'a>> {
        let mut given = words(path);
        let mut params = Vec::new();
        for expected in words(self.path) {
            let word = given.next()?;
            match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                // A parameter in the path is matched as `\S+`: a blank in it leads nowhere (transcript `walk-1`).
                Some(name) if !word.contains(char::is_whitespace) => params.push((name, word)),
                None if word == expected => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(params)
    }

    /// Checks the parameters and makes the call.
    pub(super) fn serve(&self, scene: &Scene<'_>, params: &Params) -> Outcome {
        (self.serve)(scene, &Checked::new(params, self.properties)?)
    }

    /// Whether it can be called without a credential; `path` must be written exactly as it is in the table for that
    /// (pve-manager, `PVE::HTTPServer`).
    pub(super) fn is_open(&self, path: &str) -> bool {
        matches!(self.needs, Needs::Nothing) && self.path == path
    }

    /// Refuses tokens where they are not welcome.
    pub(super) fn check_tokens(&self, path: &str, is_token: bool) -> Result<(), Failure> {
        match self.tokens {
            Tokens::Refused if is_token => {
                Err(Failure::denied(format!("URI '{path}' not available with API token, need proper ticket.\n")))
            }
            Tokens::Welcome | Tokens::Refused => Ok(()),
        }
    }

    /// Refuses callers that lack what the call needs.
    pub(super) fn check_needs(&self, scene: &Scene<'_>, caller: &Caller, params: &Params) -> Result<(), Failure> {
        self.needs.check(caller, scene.state, &scene.rights, params)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.path)
    }
}

#[cfg(test)]
impl Endpoint {
    /// As the server's own table has it.
    pub(super) fn to_json(&self) -> serde_json::Value {
        let parameters: serde_json::Map<String, serde_json::Value> =
            self.properties.iter().map(|property| (property.name().to_owned(), property.to_json())).collect();
        let token = self.tokens == Tokens::Welcome;
        serde_json::json!({ "needs": self.needs.to_json(), "token": token, "parameters": parameters })
    }
}

/// The parameters that a path holds, by name.
type PathParams<'a> = Vec<(&'static str, &'a str)>;

/// The words between slashes; repeated and trailing slashes do not count.
fn words(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_calls() {
        let (_, params) = Endpoint::find(Verb::Put, "//access/users/u@pve/token//t1/").unwrap();
        assert_eq!(params, [("userid", "u@pve"), ("tokenid", "t1")]);
        for (verb, path, reason) in [
            (Verb::Get, "/access/nope", "Method 'GET /access/nope' not implemented"),
            (Verb::Post, "/version", "Method 'POST /version' not implemented"),
            (Verb::Put, "/access/groups/bad name", "Method 'PUT /access/groups/bad name' not implemented"),
        ] {
            assert_eq!(Endpoint::find(verb, path).err(), Some(Failure::NoSuchMethod(reason.to_owned())));
        }
    }
}
