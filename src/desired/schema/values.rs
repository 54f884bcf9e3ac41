//! What values may look like.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// Makes a type that stands for a schema written out, at every place where it is used.
macro_rules! written_out {
    ($name:literal, |$generator:ident| $schema:expr) => {
        fn schema_name() -> Cow<'static, str> {
            $name.into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema($generator: &mut SchemaGenerator) -> Schema {
            $schema
        }
    };
}
pub(super) use written_out;

/// An attribute that is given has a value: takes the null away that an optional field brings along.
pub fn given(schema: &mut Schema) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for property in properties.values_mut().filter_map(Value::as_object_mut) {
        if let Some(Value::Array(types)) = property.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                property.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(options)) = property.get_mut("anyOf") {
            options.retain(|option| option.get("type") != Some(&Value::from("null")));
            if let [Value::Object(only)] = options.as_slice() {
                let only = only.clone();
                property.remove("anyOf");
                for (key, value) in only {
                    property.entry(key).or_insert(value);
                }
            }
        }
    }
}

/// `1`
pub struct Version;

impl JsonSchema for Version {
    written_out!("Version", |_generator| json_schema!({ "const": 1 }));
}

/// An object, or nothing: it shall exist.
pub struct Bare<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Bare<T> {
    written_out!("Bare", |generator| {
        let object = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [object, { "type": "null" }] })
    });
}

/// One or a list, which may be empty.
pub struct Listed<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Listed<T> {
    written_out!("Listed", |generator| {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    });
}

/// One or a list of at least one.
pub struct Several<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Several<T> {
    written_out!("Several", |generator| {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    });
}

/// A text of at most so many characters, 0 for any number. What looks like a number is one to YAML, and a text here.
pub struct Text<const MOST: usize>;

impl<const MOST: usize> JsonSchema for Text<MOST> {
    written_out!("Text", |_generator| {
        let mut schema = json_schema!({ "type": ["string", "number", "boolean"] });
        if MOST > 0 {
            schema.insert("maxLength".to_owned(), MOST.into());
        }
        schema
    });
}

/// A mail address, or nothing.
pub struct Email;

impl JsonSchema for Email {
    written_out!("Email", |_generator| json_schema!({
        "type": "string",
        "maxLength": 254,
        "pattern": "^([A-Za-z0-9_+~-]+(\\.[A-Za-z0-9_+~-]+)*@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*)?$",
    }));
}

/// The end of a user or token.
pub struct Expire;

impl JsonSchema for Expire {
    written_out!("Expire", |_generator| json_schema!({
        "anyOf": [
            { "const": "never", "description": "No end." },
            {
                "type": "string",
                "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
                "description": "The first second of that day in UTC.",
            },
            {
                "type": "string",
                "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ][0-9]{2}(:?[0-9]{2}(:?[0-9]{2}([.,]0+)?)?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2}){0,2})$",
                "description": "That second.",
            },
            {
                "type": "integer",
                "minimum": 0,
                "maximum": 9_007_199_254_740_992_u64,
                "description": "Seconds since 1970-01-01.",
            },
            { "type": "string", "pattern": "^[0-9]{1,16}$", "description": "Seconds since 1970-01-01." },
        ],
        "examples": ["never", "2027-06-30", "2027-06-30T12:00:00Z"],
    }));
}

/// A length of time.
pub struct Duration;

impl JsonSchema for Duration {
    written_out!("Duration", |_generator| json_schema!({
        "type": "string",
        "pattern": "^0*[1-9][0-9]*[hdw]$",
        "examples": ["36h", "90d", "12w"],
    }));
}

/// Whether it shall be there.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
pub enum State {
    /// It shall be there.
    Present,
    /// It shall not: it is deleted.
    Absent,
}
