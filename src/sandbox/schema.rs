//! What each parameter must look like, and the server's words for one that does not.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::answer::Failure;
use super::format::Format;
use super::params::{Param, Params, split_list};

/// A rule that a whole value matches, standing in for the server's regular expression.
pub(super) type Pattern = fn(&str) -> bool;

/// What a value is.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Boolean,
}

/// One parameter of a call, as the server's own schema declares it.
#[derive(Clone, Copy)]
pub(super) struct Property {
    name: &'static str,
    kind: Kind,
    required: bool,
    format: Option<Format>,
    pattern: Option<Pattern>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    minimum: Option<i128>,
    maximum: Option<i128>,
    choices: &'static [&'static str],
    requires: Option<&'static str>,
}

impl Property {
    const fn new(name: &'static str, kind: Kind) -> Property {
        Property {
            name,
            kind,
            required: false,
            format: None,
            pattern: None,
            min_length: None,
            max_length: None,
            minimum: None,
            maximum: None,
            choices: &[],
            requires: None,
        }
    }

    /// An optional text.
    pub(super) const fn text(name: &'static str) -> Property {
        Property::new(name, Kind::Text)
    }

    /// An optional whole number.
    pub(super) const fn integer(name: &'static str) -> Property {
        Property::new(name, Kind::Integer)
    }

    /// An optional `0` or `1`.
    pub(super) const fn boolean(name: &'static str) -> Property {
        Property::new(name, Kind::Boolean)
    }

    pub(super) const fn required(mut self) -> Property {
        self.required = true;
        self
    }

    pub(super) const fn format(mut self, format: Format) -> Property {
        self.format = Some(format);
        self
    }

    pub(super) const fn pattern(mut self, pattern: Pattern) -> Property {
        self.pattern = Some(pattern);
        self
    }

    pub(super) const fn at_least_long(mut self, characters: usize) -> Property {
        self.min_length = Some(characters);
        self
    }

    pub(super) const fn at_most_long(mut self, characters: usize) -> Property {
        self.max_length = Some(characters);
        self
    }

    pub(super) const fn at_least(mut self, minimum: i128) -> Property {
        self.minimum = Some(minimum);
        self
    }

    pub(super) const fn at_most(mut self, maximum: i128) -> Property {
        self.maximum = Some(maximum);
        self
    }

    pub(super) const fn one_of(mut self, choices: &'static [&'static str]) -> Property {
        self.choices = choices;
        self
    }

    /// What the parameter is called.
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether its value is a number in answers.
    pub(super) fn is_number(&self) -> bool {
        match self.kind {
            Kind::Text => false,
            Kind::Integer | Kind::Boolean => true,
        }
    }

    pub(super) const fn requires(mut self, other: &'static str) -> Property {
        self.requires = Some(other);
        self
    }

    /// Whether it is a switch.
    pub(super) fn is_boolean(&self) -> bool {
        matches!(self.kind, Kind::Boolean)
    }

    /// The value as the call gets it if there is one, or what the server says of it; in the server's order of checks.
    pub(super) fn check(&self, param: Option<&Param>) -> Result<Option<String>, String> {
        match param {
            Some(param) => self.check_given(param).map(Some),
            None if self.required => Err("property is missing and it is not optional".to_owned()),
            None => Ok(None),
        }
    }

    fn check_given(&self, param: &Param) -> Result<String, String> {
        let value = match param {
            Param::Text(text) => text.clone(),
            Param::List(items) if self.format.is_some_and(Format::is_list) => items.join(","),
            Param::List(_) => return Err(self.mistyped("ARRAY")),
            Param::Object => return Err(self.mistyped("HASH")),
        };
        let typed = match self.kind {
            Kind::Text => true,
            Kind::Integer => is_integer(&value),
            Kind::Boolean => matches!(value.as_str(), "0" | "1"),
        };
        if !typed {
            return Err(self.mistyped(&format!("'{value}'")));
        }
        if let Some(format) = self.format {
            format.check(&value).map_err(|fault| format!("invalid format - {fault}\n"))?;
        }
        if self.pattern.is_some_and(|matches| !matches(&value)) {
            return Err("value does not match the regex pattern".to_owned());
        }
        let length = value.chars().count();
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            return Err(format!("value may only be {most} characters long"));
        }
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            return Err(format!("value must be at least {least} characters long"));
        }
        if let Kind::Integer = self.kind {
            let number = number(&value);
            if let Some(most) = self.maximum.filter(|most| number > *most) {
                return Err(format!("value must have a maximum value of {most}"));
            }
            if let Some(least) = self.minimum.filter(|least| number < *least) {
                return Err(format!("value must have a minimum value of {least}"));
            }
        }
        if !self.choices.is_empty() && !self.choices.contains(&value.as_str()) {
            let all = self.choices.join(", ");
            return Err(format!("value '{value}' does not have a value in the enumeration '{all}'"));
        }
        Ok(value)
    }

    /// The property as the server's own schema has it, but for defaults; of a pattern the fact alone.
    #[cfg(test)]
    pub(super) fn to_json(self) -> serde_json::Value {
        let mut json = serde_json::json!({ "type": self.type_name(), "optional": !self.required });
        let members: [(&str, Option<serde_json::Value>); 8] = [
            ("format", self.format.map(|format| format.name().into())),
            ("pattern", self.pattern.map(|_| true.into())),
            ("minLength", self.min_length.map(Into::into)),
            ("maxLength", self.max_length.map(Into::into)),
            ("minimum", self.minimum.and_then(|least| i64::try_from(least).ok()).map(Into::into)),
            ("maximum", self.maximum.and_then(|most| i64::try_from(most).ok()).map(Into::into)),
            ("enum", (!self.choices.is_empty()).then(|| self.choices.into())),
            ("requires", self.requires.map(Into::into)),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                json[name] = value;
            }
        }
        json
    }

    fn mistyped(&self, found: &str) -> String {
        format!("type check ('{}') failed - got {found}", self.type_name())
    }

    fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Text => "string",
            Kind::Integer => "integer",
            Kind::Boolean => "boolean",
        }
    }
}

fn is_integer(value: &str) -> bool {
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// An integer's value; one beyond all bounds counts as the greatest of its sign.
fn number(value: &str) -> i128 {
    value.parse().unwrap_or(if value.starts_with('-') { i128::MIN } else { i128::MAX })
}

/// Parameters that a call's schema has accepted.
pub(super) struct Checked(BTreeMap<&'static str, String>);

impl Checked {
    /// Checks all parameters, and reports all faults at once as the server does.
    pub(super) fn new(params: &Params, properties: &'static [Property]) -> Result<Checked, Failure> {
        let mut values = BTreeMap::new();
        let mut errors: BTreeMap<String, String> = BTreeMap::new();
        let mut fault = |name: &str, text: String| {
            errors.entry(name.to_owned()).and_modify(|known| *known = format!("{known}\\n{text}")).or_insert(text);
        };
        for property in properties {
            match property.check(params.get(property.name)) {
                Ok(Some(value)) => drop(values.insert(property.name, value)),
                Ok(None) => {}
                Err(text) => fault(property.name, text),
            }
        }
        for name in params.names() {
            match properties.iter().find(|property| property.name == name) {
                Some(Property { requires: Some(other), .. }) if params.get(other).is_none() => {
                    fault(other, format!("missing property required by '{name}'"));
                }
                Some(_) => {}
                None => fault(
                    name,
                    "property is not defined in schema and the schema does not allow additional properties".to_owned(),
                ),
            }
        }
        if errors.is_empty() { Ok(Checked(values)) } else { Err(Failure::Parameters(errors)) }
    }

    /// A parameter's text if it was given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A required parameter's text.
    pub(super) fn required(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// A switch if it was given.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| text == "1")
    }

    /// Whether a switch was given and is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    /// A list's items; none if it was not given.
    pub(super) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        split_list(self.required(name))
    }

    /// All that was given.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// A password if it was given.
    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &[Property] = &[
        Property::text("groupid").required().format(Format::Group),
        Property::text("groups").format(Format::Groups),
        Property::boolean("append").requires("groups"),
        Property::integer("expire").at_least(0),
        Property::text("password").at_least_long(8).at_most_long(10),
        Property::text("mode").one_of(&["ldap", "ldaps"]),
        Property::integer("port").at_least(1).at_most(65535),
    ];

    fn errors(form: &str) -> Vec<String> {
        match Checked::new(&Params::from_form(form), SCHEMA) {
            Ok(_) => Vec::new(),
            Err(Failure::Parameters(errors)) => {
                errors.into_iter().map(|(name, text)| format!("{name}: {text}")).collect()
            }
            Err(other) => vec![format!("{other:?}")],
        }
    }

    /// Texts of transcripts `users`, `groups` and `realms`, and of api-facts.md.
    #[test]
    fn faults_are_worded_as_the_server_words_them() {
        for (form, fault) in [
            ("", "groupid: property is missing and it is not optional"),
            ("groupid=a+b", "groupid: invalid format - group name 'a b' contains invalid characters\n"),
            ("groupid=a&append=1", "groups: missing property required by 'append'"),
            ("groupid=a&expire=-1", "expire: value must have a minimum value of 0"),
            ("groupid=a&expire=x", "expire: type check ('integer') failed - got 'x'"),
            ("groupid=a&expire=", "expire: type check ('integer') failed - got ''"),
            ("groupid=a&groups=b&append=true", "append: type check ('boolean') failed - got 'true'"),
            ("groupid=a&password=short", "password: value must be at least 8 characters long"),
            ("groupid=a&password=12345678901", "password: value may only be 10 characters long"),
            ("groupid=a&mode=x", "mode: value 'x' does not have a value in the enumeration 'ldap, ldaps'"),
            ("groupid=a&port=65536", "port: value must have a maximum value of 65535"),
            ("groupid=a&groupid=b", "groupid: type check ('string') failed - got ARRAY"),
            (
                "groupid=a&foo=1",
                "foo: property is not defined in schema and the schema does not allow additional properties",
            ),
        ] {
            assert_eq!(errors(form), [fault], "{form}");
        }
        assert_eq!(errors("groupid=.&groups=&append=0&expire=99999999999999999999999999999999999999999"), [""; 0]);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        assert_eq!(errors("expire=x&foo=1").len(), 3);
    }

    #[test]
    fn lists_are_joined_where_a_list_is_expected() {
        let params = Params::from_json(r#"{"groupid":"a","groups":["x","y"]}"#).unwrap();
        let checked = Checked::new(&params, SCHEMA).unwrap();
        assert_eq!(checked.list("groups").collect::<Vec<_>>(), ["x", "y"]);
    }
}
