//! What is asked of the server, and how it is spelt on the wire.

use std::fmt::{self, Display, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but unreserved characters: forms are cut at a raw `=`, split at `;` too and `+` is a blank
/// (api-facts.md, HTTP layer).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Changes.
    Put,
    /// Deletes.
    Delete,
}

impl Method {
    /// The method as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }

    /// Whether it changes anything.
    #[must_use]
    pub fn is_write(self) -> bool {
        self != Method::Get
    }

    /// Whether its parameters stand in a form; the server refuses a body elsewhere.
    pub(super) fn has_form(self) -> bool {
        matches!(self, Method::Post | Method::Put)
    }
}

/// A request as far as it may be shown: no parameters, no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub method: Method,
    /// Below `/api2/json`, not encoded.
    pub path: String,
}

impl Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)
    }
}

/// A request with all that goes out, which is not to be shown.
pub(super) struct Call {
    pub(super) request: Request,
    /// The path, encoded.
    pub(super) path: String,
    /// The parameters, encoded as a form and as a query are.
    pub(super) parameters: String,
    /// Why it must not go out, if anything in it cannot be spelt.
    pub(super) unsendable: Option<String>,
}

impl Call {
    pub(super) fn new(method: Method, segments: &[&str]) -> Call {
        let mut call = Call {
            request: Request { method, path: String::new() },
            path: String::new(),
            parameters: String::new(),
            unsendable: None,
        };
        for segment in segments {
            call.request.path.push('/');
            call.request.path.push_str(segment);
            call.path.push('/');
            call.path.extend(utf8_percent_encode(segment, RESERVED));
            if matches!(*segment, "." | "..") {
                // They mean another path to whoever handles the URL, encoded or not.
                call.unsendable = Some(format!("an object called `{segment}` cannot be named in a URL"));
            }
        }
        call
    }

    /// Adds a parameter.
    pub(super) fn with(mut self, name: &str, value: impl Display) -> Call {
        if !self.parameters.is_empty() {
            self.parameters.push('&');
        }
        self.parameters.push_str(name);
        self.parameters.push('=');
        let value = value.to_string();
        // Writing to a String cannot fail.
        let _ = write!(self.parameters, "{}", utf8_percent_encode(&value, RESERVED));
        self
    }

    /// Adds a parameter if there is a value for it.
    pub(super) fn with_some(self, name: &str, value: Option<impl Display>) -> Call {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a parameter that is `0` or `1`, the only words for it (api-facts.md, HTTP layer).
    pub(super) fn with_flag(self, name: &str, value: bool) -> Call {
        self.with(name, u8::from(value))
    }

    /// Adds a list, which the server divides at `,`, `;`, blanks and NUL: an item that holds one cannot be meant.
    pub(super) fn with_list<T: Display>(mut self, name: &str, items: impl IntoIterator<Item = T>) -> Call {
        let mut list = String::new();
        for item in items {
            let item = item.to_string();
            if item.contains(|c: char| matches!(c, ',' | ';' | '\0') || c.is_ascii_whitespace()) {
                self.unsendable = Some(format!("`{item}` cannot be named in a list, which the server divides there"));
            }
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(&item);
        }
        self.with(name, list)
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;

    use super::*;

    #[test]
    fn everything_but_unreserved_characters_is_encoded() {
        let call = Call::new(Method::Put, &["access", "users", "a+b;c@pve"]).with("comment", "a=b;c+d %&\n\u{fc}-._~");
        assert_eq!(call.path, "/access/users/a%2Bb%3Bc%40pve");
        assert_eq!(call.parameters, "comment=a%3Db%3Bc%2Bd%20%25%26%0A%C3%BC-._~");
        assert_eq!(call.request.to_string(), "PUT /access/users/a+b;c@pve");
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back(text: String) {
            let parameters = Call::new(Method::Put, &["x"]).with("comment", &text).parameters;
            let value = parameters.strip_prefix("comment=").unwrap();
            assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)), "{value}");
            assert_eq!(percent_decode_str(value).decode_utf8().unwrap(), text);
        }
    }

    #[test]
    fn what_the_server_would_take_for_something_else_does_not_go_out() {
        assert!(Call::new(Method::Delete, &["access", "groups", ".."]).unsendable.is_some());
        assert!(Call::new(Method::Delete, &["access", "groups", "..."]).unsendable.is_none());
        for item in ["a,b@pve", "a;b@pve", "a\0b@pve"] {
            assert!(Call::new(Method::Put, &["access", "acl"]).with_list("users", [item]).unsendable.is_some());
        }
    }

    #[test]
    fn an_empty_list_is_sent_and_a_missing_value_is_not() {
        let call = Call::new(Method::Put, &["x"]).with_list::<&str>("groups", []).with_some("email", None::<&str>);
        assert_eq!(call.with_flag("enable", false).parameters, "groups=&enable=0");
    }
}
