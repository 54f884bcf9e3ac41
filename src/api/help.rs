//! What to do about a request that failed.

use super::answer::{GATEWAY, INSTEAD};
use super::distrust::Distrust;
use super::error::{ApiError, Obstacle};
use super::failure::NO_HTTP;
use super::fingerprint::Fingerprint;
use super::request::Request;

impl ApiError {
    /// Remedies, the likeliest first.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        match self {
            ApiError::NotSent { request: _, obstacle } => obstacle.help(),
            ApiError::Unanswered { request, reason } => unanswered(request, reason),
            ApiError::Refused { .. } if self.is_busy() => {
                vec!["other changes hold the cluster's lock; nothing was written, so try again later".to_owned()]
            }
            ApiError::Refused { .. } if self.is_without_quorum() => {
                vec![
                    "the cluster has no quorum: bring enough of its nodes back first; `pvecm status` shows them"
                        .to_owned(),
                ]
            }
            ApiError::Refused { request: _, status, message, errors: _ } => refused(*status, message),
            ApiError::Unintelligible { request, reason: _ } => unintelligible(request),
        }
    }
}

impl Obstacle {
    fn help(&self) -> Vec<String> {
        match self {
            Obstacle::NoAddress { .. } => {
                vec!["check the endpoint's spelling and this machine's name resolution".to_owned()]
            }
            Obstacle::Unreachable { .. } => vec![
                "check the endpoint's host and port (8006 unless it was changed), and any firewall or VPN on the way"
                    .to_owned(),
                "on the node, `systemctl status pveproxy` says whether the API is running".to_owned(),
                "HTTPS_PROXY, if set, applies unless NO_PROXY names the host".to_owned(),
            ],
            Obstacle::Untrusted { endpoint: _, distrust, fingerprint } => distrust.help(*fingerprint),
            Obstacle::Mistaken { .. } => vec![
                "either the certificate was renewed, or this is not your server: compare with what `pvenode cert info` \
                 shows on the node itself before anything else"
                    .to_owned(),
                "each node of a cluster has a certificate of its own; the cluster's authority vouches for all of them: \
                 --ca-file with a copy of /etc/pve/pve-root-ca.pem"
                    .to_owned(),
            ],
            Obstacle::Tls { .. } => {
                vec![
                    "check that the endpoint is Proxmox VE's own port, and that it speaks https (TLS 1.2 or 1.3)"
                        .to_owned(),
                ]
            }
            Obstacle::Login(error) => error.help(),
            Obstacle::Unsendable { .. } => vec!["do it on a node, with pveum".to_owned()],
        }
    }
}

impl Distrust {
    fn help(&self, fingerprint: Fingerprint) -> Vec<String> {
        // Never without the comparison: who is pinned unseen may be anybody.
        let pin = format!(
            "or have this very certificate accepted, once `pvenode cert info` on the node shows the same fingerprint: \
             --fingerprint {fingerprint}"
        );
        let first = match self {
            Distrust::Key { .. } => {
                return vec!["this is not your server, or its certificate and key do not belong together".to_owned()];
            }
            Distrust::Issuer | Distrust::Nobody { .. } => {
                "for a cluster with its own authority: --ca-file with a copy of the node's /etc/pve/pve-root-ca.pem"
            }
            Distrust::Authority => {
                "the cluster's authority, /etc/pve/pve-root-ca.pem, vouches for its nodes' own certificates only"
            }
            Distrust::Name { .. } => "give the endpoint a name that the certificate is for",
            Distrust::Expired { .. } => {
                "renew it on the node, with `pvecm updatecerts --force` or `pvenode acme cert renew`, unless it is this \
                 machine's clock that is wrong"
            }
            Distrust::Early { .. } => "compare the clocks of this machine and of the node",
            Distrust::Other { .. } => "have the node make a new one: `pvecm updatecerts --force`",
        };
        vec![first.to_owned(), pin]
    }
}

fn unanswered(request: &Request, reason: &str) -> Vec<String> {
    let first = if request.method.is_write() {
        "it may have happened: look at what is live before doing it again"
    } else {
        "nothing was changed: try again"
    };
    let is_foreign = [GATEWAY, NO_HTTP].iter().any(|lead| reason.starts_with(lead)) || reason.ends_with(INSTEAD);
    let second = if is_foreign {
        "something on the way answers, such as a proxy or a login portal: try the node's own address and port, 8006"
    } else {
        "on the node, `systemctl status pvedaemon pveproxy` says whether both are well"
    };
    vec![first.to_owned(), second.to_owned()]
}

fn unintelligible(request: &Request) -> Vec<String> {
    let release = "the server may be of a release that this program does not know";
    let mut help = vec![release.to_owned()];
    if request.method.is_write() {
        help.insert(0, "it was done: look at what is live before doing it again".to_owned());
    }
    help
}

fn refused(status: u16, message: &str) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match status {
        300..=399 => one("give the address that answers by itself as the endpoint: redirects are not followed"),
        // The API itself never answers with a page.
        400..=499 if message.contains("(a page ") => {
            one("this is not Proxmox VE's own answer but that of something on the way, or of another server: check the \
                 endpoint's host and port (8006 unless it was changed)")
        }
        401 if message == "No ticket" => {
            one("no credential arrived: a proxy on the way may drop the Authorization header")
        }
        401 => [
            "the token's user is disabled or has expired",
            "the token has expired",
            "the secret is not, or no longer, the token's",
            "the secret belongs to a token of another cluster",
        ]
        .map(|cause| format!("perhaps {cause}"))
        .into(),
        403 if message.contains("need proper ticket") => {
            one("Proxmox VE lets no API token do this: it takes a login by password")
        }
        403 => match missing_privilege(message) {
            Some((path, privileges)) => vec![
                format!("the credential needs {privileges} on `{path}`"),
                // A grant at `path` would replace all that comes from above.
                "add it to a role that it has: `pveum role modify ROLE --append 1 --privs PRIVILEGE`; or grant one role \
                 more at the path where it has its others, because a grant further down would replace those"
                    .to_owned(),
                "a token with privilege separation needs it for itself and for its user".to_owned(),
            ],
            None => one("the credential lacks a privilege, which the server does not name, or the user does not exist"),
        },
        500 if message.contains("File too large") => one("user.cfg is full: it cannot pass 1 MiB"),
        _ => Vec::new(),
    }
}

/// Path and privileges of `Permission check failed (/access/groups, User.Modify|Sys.Audit)`.
fn missing_privilege(message: &str) -> Option<(&str, String)> {
    let inner = message.strip_prefix("Permission check failed (")?.trim_end().strip_suffix(')')?;
    let (path, privileges) = inner.split_once(", ")?;
    let alternatives: Vec<String> = privileges.split('|').map(|privilege| format!("`{privilege}`")).collect();
    (path.starts_with('/')).then(|| (path, alternatives.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of transcript `visibility`.
    #[test]
    fn the_privilege_that_the_server_names_is_named() {
        for (message, first) in [
            (
                "Permission check failed (/vms/100, Permissions.Modify|VM.Allocate)",
                "the credential needs `Permissions.Modify` or `VM.Allocate` on `/vms/100`",
            ),
            (
                "Permission check failed (/access/realm/pve, Realm.AllocateUser)",
                "the credential needs `Realm.AllocateUser` on `/access/realm/pve`",
            ),
            (
                "Permission check failed",
                "the credential lacks a privilege, which the server does not name, or the user does not exist",
            ),
            (
                "Permission check failed (URI '/access/password' not available with API token, need proper ticket.\n)",
                "Proxmox VE lets no API token do this: it takes a login by password",
            ),
        ] {
            assert_eq!(refused(403, message)[0], first);
        }
    }

    #[test]
    fn a_401_lists_its_causes_by_likelihood() {
        let causes = refused(401, "Authentication failed!");
        assert_eq!(causes[0], "perhaps the token's user is disabled or has expired");
        assert_eq!(causes.len(), 4);
        assert_eq!(refused(401, "No ticket").len(), 1);
    }
}
