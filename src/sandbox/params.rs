//! Parameters as they arrive: forms, queries and JSON, decoded and not yet checked.

use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::answer::Failure;
pub(super) use crate::model::user_cfg::split_list;

/// One parameter's value.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Param {
    /// A text; numbers and booleans of JSON are texts too, booleans `0` and `1`.
    Text(String),
    /// A key that came several times, or an array of JSON.
    List(Vec<String>),
    /// An object of JSON, which no call accepts.
    Object,
}

/// The parameters of one request. [`fmt::Debug`] shows their names alone: values can be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Params(BTreeMap<String, Param>);

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Params {
    /// The parameters in a form or query: pairs divided by `&` or `;`, a second `=` ends the value, `+` is a blank
    /// (api-facts.md, HTTP layer: "Forms").
    pub(super) fn from_form(text: &str) -> Params {
        let mut params = Params::default();
        for pair in text.split(['&', ';']).filter(|pair| !pair.is_empty()) {
            let mut parts = pair.split('=');
            let name = decode(parts.next().unwrap_or_default());
            let value = decode(parts.next().unwrap_or_default());
            if !name.is_empty() {
                params.push(name, value);
            }
        }
        params
    }

    /// The parameters in a JSON body; null stands for a parameter that is not given.
    pub(super) fn from_json(text: &str) -> Result<Params, Failure> {
        let top: Value = serde_json::from_str(text)
            .map_err(|error| Failure::Http { status: 500, text: format!("malformed JSON string: {error}") })?;
        let Value::Object(members) = top else {
            return Err(Failure::Http { status: 500, text: "Not a HASH reference".to_owned() });
        };
        let mut params = Params::default();
        for (name, value) in members {
            let param = match value {
                Value::Null => continue,
                Value::Array(items) => Param::List(items.iter().filter_map(scalar).collect()),
                Value::Object(_) => Param::Object,
                other => Param::Text(scalar(&other).unwrap_or_default()),
            };
            params.0.insert(name, param);
        }
        Ok(params)
    }

    /// These parameters and those of `other`, which win.
    #[must_use]
    pub(super) fn overlaid(mut self, other: Params) -> Params {
        self.0.extend(other.0);
        self
    }

    /// Takes the parameter that browsers add against caches, and nobody checks.
    pub(super) fn drop_cache_breaker(&mut self) {
        self.0.remove("_dc");
    }

    /// Adds what the path says. A body may repeat it, not contradict it.
    pub(super) fn add_from_path(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let value = Param::Text(value.to_owned());
        match self.0.get(name) {
            Some(given) if *given != value => {
                Err(Failure::parameter(name, "duplicate parameter (already defined in URI) with conflicting values!"))
            }
            _ => {
                self.0.insert(name.to_owned(), value);
                Ok(())
            }
        }
    }

    /// The parameter if it was given.
    pub(super) fn get(&self, name: &str) -> Option<&Param> {
        self.0.get(name)
    }

    /// A parameter's text for the checks that run before the parameters are checked; lists are joined.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Param::Text(text) => Some(text.clone()),
            Param::List(items) => Some(items.join(",")),
            Param::Object => None,
        }
    }

    /// The names that were given.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn push(&mut self, name: String, value: String) {
        let param = match self.0.remove(&name) {
            None => Param::Text(value),
            Some(Param::Text(first)) => Param::List(vec![first, value]),
            Some(Param::List(mut items)) => {
                items.push(value);
                Param::List(items)
            }
            Some(Param::Object) => Param::Object,
        };
        self.0.insert(name, param);
    }
}

/// Undoes percent encoding and `+`.
fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(yes) => Some(if *yes { "1" } else { "0" }.to_owned()),
        Value::Number(number) => Some(match number.as_f64().filter(|_| number.is_f64()) {
            // Perl writes a fraction of nought as a whole number, and more than fifteen digits with an exponent.
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => format!("{whole:.0}"),
            Some(large) if large.abs() >= 1e15 => format!("{large:e}").replace('e', "e+"),
            _ => number.to_string(),
        }),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(params: &Params, name: &str) -> Option<String> {
        params.text(name)
    }

    #[test]
    fn forms_are_read_as_the_server_reads_them() {
        let params = Params::from_form("a=1&b=x+y;c=a=b&d=%C3%BC%3D&e=&f&g=1&g=2");
        assert_eq!(text(&params, "a").as_deref(), Some("1"));
        assert_eq!(text(&params, "b").as_deref(), Some("x y"));
        assert_eq!(text(&params, "c").as_deref(), Some("a"), "a raw = cuts the value off");
        assert_eq!(text(&params, "d").as_deref(), Some("ü="));
        assert_eq!(text(&params, "e").as_deref(), Some(""));
        assert_eq!(text(&params, "f").as_deref(), Some(""));
        assert!(matches!(params.get("g"), Some(Param::List(items)) if items == &["1", "2"]));
    }

    #[test]
    fn json_is_read_as_the_server_reads_it() {
        let params = Params::from_json(r#"{"a":true,"b":null,"c":["x","y"],"d":7,"e":"1"}"#).unwrap();
        assert_eq!(text(&params, "a").as_deref(), Some("1"));
        assert!(params.get("b").is_none(), "null is not given");
        assert_eq!(text(&params, "c").as_deref(), Some("x,y"));
        assert_eq!(text(&params, "d").as_deref(), Some("7"));
        for bad in ["{", "[]", "1"] {
            assert_eq!(Params::from_json(bad).unwrap_err().status(), 500);
        }
    }

    #[test]
    fn the_query_wins_over_the_body_and_the_path_suffers_no_contradiction() {
        let mut params = Params::from_form("a=body&b=1").overlaid(Params::from_form("a=query"));
        assert_eq!(text(&params, "a").as_deref(), Some("query"));
        assert!(params.add_from_path("b", "1").is_ok());
        assert_eq!(params.add_from_path("b", "2").unwrap_err().status(), 400);
    }

    #[test]
    fn debug_shows_no_value() {
        let params = Params::from_form("password=hunter2");
        assert_eq!(format!("{params:?}"), r#"{"password"}"#);
    }
}
