//! Missing secrets, as findings in the files.

use super::pveum;
use super::words::count;
use crate::apply::Missing;
use crate::diagnostic::{Diagnostic, Findings};

/// A warning each; of many, the first one speaks for all.
pub fn missing(missing: &[Missing<'_>]) -> Findings {
    const EACH: usize = 5;
    let told = if missing.len() > EACH { &missing[..1] } else { missing };
    let others = match missing.len() - told.len() {
        0 => String::new(),
        more => format!("; the same goes for {} more", count(more, "token")),
    };
    let mut findings = Findings::default();
    for Missing { token, declared, sink } in told {
        let (file, delete) = (sink.file.display(), pveum::delete_token(token));
        findings.push(
            Diagnostic::warning(
                declared.span,
                format!("token `{token}` exists, and `{file}` holds no secret for it{others}"),
            )
            .help("fine if its secret is kept elsewhere; Proxmox VE does not show it again")
            .help(format!("for a new one: `{delete}`, then apply, which makes the token and its declared grants anew")),
        );
    }
    findings
}
