//! A saved plan as text, with a fingerprint that tells whether all of it is there, unchanged.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Saved;

/// The form of the text; another form is another number.
const SCHEMA: &str = "pve-access.saved-plan.v1";

/// What every form of it begins with, those of later versions included.
const FAMILY: &str = "pve-access.saved-plan.v";

/// Why a text is no saved plan that could be carried out.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is something else.
    #[error("it is no saved plan")]
    Foreign,
    /// It is the plan as it is printed, which lacks what it was made on.
    #[error("it is what `plan --format json` prints, not a saved plan")]
    Printed,
    /// A later version wrote it.
    #[error("it has the form `{schema}`, and this version of pve-access reads {SCHEMA}")]
    Newer {
        /// The form.
        schema: String,
    },
    /// It ends too early, or is no JSON.
    #[error("it is damaged")]
    Damaged(#[source] serde_json::Error),
    /// Its fingerprint is that of another content.
    #[error("it was changed after it was written: it does not match its fingerprint")]
    Altered,
    /// It says what this version cannot follow.
    #[error("it holds something that this version of pve-access does not know")]
    Unintelligible(#[source] serde_json::Error),
}

impl SavedError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            SavedError::Foreign => "`plan --out FILE` saves a plan; desired-state files are named with -f",
            SavedError::Printed => "save it as well: `plan --out FILE`",
            SavedError::Newer { .. } => "apply it with the version that made it, or plan again with this one",
            SavedError::Unintelligible(_) => "plan again with this version: `plan --out FILE`",
            SavedError::Damaged(_) | SavedError::Altered => {
                "plan again, and leave the file as it is: `plan --out FILE`; what to do is changed in the desired state"
            }
        }
    }
}

/// The text in the order in which it is written: what it is comes first.
#[derive(Serialize)]
struct Sealed {
    schema: &'static str,
    sha256: String,
    plan: Value,
}

impl Saved {
    /// How many digits of a fingerprint tell plans apart for people.
    const SHORT: usize = 12;

    /// The whole as text, in which every character can be seen.
    ///
    /// # Errors
    /// If a path in it is no text.
    pub fn seal(&self) -> Result<String, serde_json::Error> {
        let plan = serde_json::to_value(self)?;
        let sealed = Sealed { schema: SCHEMA, sha256: digest(&plan), plan };
        let mut text = String::new();
        for c in serde_json::to_string_pretty(&sealed)?.chars() {
            match c {
                '\n' | ' '..='~' => text.push(c),
                // Whatever else there is stands within a text.
                other => {
                    for unit in other.encode_utf16(&mut [0; 2]) {
                        // Writing into a String cannot fail.
                        let _ = write!(text, "\\u{unit:04x}");
                    }
                }
            }
        }
        text.push('\n');
        Ok(text)
    }

    /// Reads what [`Saved::seal`] wrote.
    pub fn open(text: &str) -> Result<Saved, SavedError> {
        let sealed: Value = serde_json::from_str(text).map_err(|error| {
            let is_begun = text.trim_start().starts_with('{') && text.contains(FAMILY);
            if is_begun { SavedError::Damaged(error) } else { SavedError::Foreign }
        })?;
        match sealed.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(schema) if schema.starts_with(FAMILY) => return Err(SavedError::Newer { schema: schema.to_owned() }),
            Some("pve-access.plan.v1") => return Err(SavedError::Printed),
            Some(_) | None => return Err(SavedError::Foreign),
        }
        let plan = sealed.get("plan").cloned().unwrap_or_default();
        if sealed.get("sha256").and_then(Value::as_str) != Some(digest(&plan).as_str()) {
            return Err(SavedError::Altered);
        }
        serde_json::from_value(plan).map_err(SavedError::Unintelligible)
    }

    /// What it is called for short.
    ///
    /// # Errors
    /// As for [`Saved::seal`].
    pub fn mark(&self) -> Result<String, serde_json::Error> {
        Ok(short(&serde_json::to_value(self)?))
    }

    /// What `text` is called for short, if it is the text of a saved plan.
    #[must_use]
    pub fn fingerprint(text: &str) -> Option<String> {
        let sealed: Value = serde_json::from_str(text).ok()?;
        Some(short(sealed.get("plan")?))
    }
}

/// As much of the fingerprint as people need.
fn short(plan: &Value) -> String {
    digest(plan).chars().take(Saved::SHORT).collect()
}

/// The SHA-256 of a value in its shortest form, in which keys are sorted.
fn digest(value: &Value) -> String {
    Sha256::digest(value.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}
