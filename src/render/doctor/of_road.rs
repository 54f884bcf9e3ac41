//! Findings on the way to an endpoint.

use std::net::SocketAddr;

use super::super::words::{expire, listed, visible};
use super::Said;
use crate::api::{Certificate, Distrust, Judgement, Speaker, TlsFault, Trust, Unconnected, Way};
use crate::doctor::{Address, Api, Clock, Connection, Origin, Tls, Trusted};
use crate::model::Expire;

pub(super) fn address(Address { origin, way, addresses }: &Address) -> Said {
    let from = match origin {
        Origin::Flag => "--endpoint",
        Origin::Variable => "PROXMOX_VE_ENDPOINT",
        Origin::File => "cluster.endpoint in the files",
        Origin::Sandbox => "--sandbox",
    };
    let said = match addresses {
        Ok(found) => {
            let mut hosts: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
            hosts.dedup();
            Said::of(format!("{} (from {from})", listed(&hosts)))
        }
        Err(reason) => Said::of(format!("the name has no address (from {from}): {}", visible(reason)))
            .remedy("Check its spelling, and this machine's name resolution: getent hosts NAME"),
    };
    match way {
        Way::Direct => said,
        Way::Proxy(proxy) => said.fact(format!(
            "The address is of the proxy {}, which the environment names (HTTPS_PROXY or ALL_PROXY); NO_PROXY exempts hosts from it.",
            visible(&proxy.name)
        )),
    }
}

pub(super) fn connection(Connection { way, stands, failed }: &Connection) -> Said {
    let failure = |(address, reason): &(SocketAddr, Unconnected)| unconnected(*address, reason);
    let whom = match way {
        Way::Direct => "",
        Way::Proxy(_) => " (the proxy)",
    };
    let Some(address) = stands else {
        let failures: Vec<String> = failed.iter().map(failure).collect();
        let said = Said::of(format!("{}{whom}", listed(&failures)));
        return match failed.last().map(|(_, reason)| reason) {
            Some(Unconnected::Refused) => said
                .remedy(
                    "The machine is there, and nothing listens on the port: 8006 unless it was changed. On the node:",
                )
                .command("systemctl status pveproxy"),
            Some(Unconnected::Silent) => {
                said.remedy("Something drops what is sent, a firewall or a VPN that is down; or the machine is off.")
            }
            Some(Unconnected::NoRoute) => {
                said.remedy("No way leads there from this machine: check its network, and any VPN.")
            }
            Some(Unconnected::Other(_)) | None => said.remedy("Check host, port, and any firewall or VPN on the way."),
        };
    };
    let said = Said::of(format!("{address} answers{whom}"));
    failed.iter().fold(said, |said, failed| said.fact(format!("Tried before it, in vain: {}", failure(failed))))
}

fn unconnected(address: SocketAddr, reason: &Unconnected) -> String {
    match reason {
        Unconnected::Refused => format!("{address} refuses the connection"),
        Unconnected::Silent => format!("{address} does not answer"),
        Unconnected::NoRoute => format!("no route leads to {address}"),
        Unconnected::Other(text) => format!("{address} cannot be reached: {}", visible(text)),
    }
}

pub(super) fn tls(tls: &Tls) -> Said {
    match tls {
        Tls::Spoken(version) => Said::of(visible(version)),
        Tls::Plain => Said::of("none: plain http, which does not leave this machine"),
        Tls::Hidden => Said::of("not to be seen from here: TLS or SOCKS is spoken with the proxy"),
        Tls::Failed(TlsFault::PlainHttp) => Said::of("plain HTTP is spoken on this port, not TLS")
            .remedy("Proxmox VE's own port is 8006. A server on this machine may be given as http://; others may not."),
        Tls::Failed(TlsFault::Proxy(line)) => Said::of(format!("the proxy does not let through: {}", visible(line)))
            .remedy("See to the proxy, or exempt the host from it: NO_PROXY=HOST"),
        Tls::Failed(TlsFault::Cut(reason)) => Said::of(format!("the connection ended: {}", visible(reason)))
            .remedy("Whoever listens there may not be Proxmox VE, or something on the way ends connections."),
        Tls::Failed(TlsFault::Unknown(reason)) => Said::of(format!("no TLS comes about: {}", visible(reason)))
            .remedy("TLS 1.2 and 1.3 are spoken here. Check that the endpoint is Proxmox VE's own port."),
        Tls::Failed(TlsFault::Trust(reason)) => {
            Said::of(visible(reason)).remedy("Name a file that holds certificates in PEM form: --ca-file")
        }
    }
}

pub(super) fn trust(Trusted { trust, certificate, judgement, now }: &Trusted) -> Said {
    let Certificate { fingerprint, ends, names } = certificate;
    let by = match trust {
        Trust::System => "this system trusts its authority".to_owned(),
        Trust::CaFile(file) => format!("its authority is trusted here, or is in {}", visible(file.display())),
        Trust::Fingerprint(_) => "it is the certificate that was pinned".to_owned(),
        Trust::Anyone => "nobody checks it, because of --insecure or PROXMOX_VE_INSECURE".to_owned(),
    };
    let is_over = ends.is_some_and(|end| end < *now);
    let said = match judgement {
        Judgement::Trusted => Said::of(by),
        Judgement::Mistaken => Said::of("it is not the certificate that was pinned"),
        Judgement::Untrusted(_) if is_over => Said::of("its certificate has expired"),
        Judgement::Untrusted(reason) => Said::of(format!("its certificate is not trusted: {}", visible(reason))),
    };
    let said = said.fact(format!("Fingerprint {fingerprint}"));
    let said = match names.as_slice() {
        [] => said,
        names => said.fact(format!("For {}", listed(&names.iter().map(visible).collect::<Vec<_>>()))),
    };
    let said = match ends {
        Some(end) if is_over => said.fact(format!("It ended {}", expire(Expire::At(*end)))),
        Some(end) => said.fact(format!("It ends {}", expire(Expire::At(*end)))),
        None => said,
    };
    match judgement {
        // Whatever ends is renewed by itself, or by whoever put it there.
        Judgement::Trusted if ends.is_some_and(|end| crate::doctor::Verdict::is_near(end, *now)) => said
            .remedy("Renew it. A node's own certificate is renewed by its nightly pve-daily-update, or by:")
            .command("pvecm updatecerts --force"),
        Judgement::Trusted if *trust == Trust::Anyone => said
            .remedy("Compare the fingerprint with what the node itself shows, and pin it: --fingerprint")
            .command("pvenode cert info --output-format json"),
        Judgement::Trusted => said,
        Judgement::Untrusted(_) if is_over => {
            said.remedy("Renew it. On the node, for a certificate of its own:").command("pvecm updatecerts --force")
        }
        Judgement::Untrusted(Distrust::Name { .. }) => said.remedy(
            "Give the endpoint under a name that the certificate is for, or have one made that is for this name.",
        ),
        Judgement::Untrusted(_) => said
            .remedy("Compare the fingerprint with what the node itself shows, for pve-ssl.pem or pveproxy-ssl.pem:")
            .command("pvenode cert info --output-format json")
            .remedy(format!("If it is the same: --fingerprint {fingerprint}"))
            .remedy("Or trust the cluster's own authority, a copy of /etc/pve/pve-root-ca.pem: --ca-file FILE"),
        Judgement::Mistaken => said
            .remedy(
                "Either it was renewed, or this is not your server. Before anything else, look at what the node shows:",
            )
            .command("pvenode cert info --output-format json"),
    }
}

pub(super) fn api(api: &Api) -> Said {
    let greeting = match api {
        Api::Failed(error) => {
            let said = Said::of(visible(error));
            return error.help().into_iter().fold(said, Said::remedy);
        }
        Api::Answered(greeting) => greeting,
    };
    let server = greeting.server.as_ref().map(|server| format!(", and calls itself {}", visible(server)));
    let status = format!("it answered with status {}{}", greeting.status, server.unwrap_or_default());
    match &greeting.speaker {
        Speaker::ProxmoxVe => Said::of("Proxmox VE answers"),
        Speaker::WebPage { title } => {
            let page = title.as_ref().map(|title| format!(", \"{}\"", visible(title))).unwrap_or_default();
            Said::of(format!("this is a web page{page}, not Proxmox VE's API: {status}"))
                .remedy("A proxy or another server answers here. Give the endpoint that a node itself serves, mostly on port 8006.")
        }
        Speaker::Elsewhere { to } => {
            let to = to.as_ref().map_or_else(|| "elsewhere".to_owned(), visible);
            Said::of(format!("it sends whoever asks to {to}: {status}"))
                .remedy("Redirections are not followed, for they could lead a credential astray: give that address as the endpoint.")
        }
        Speaker::Other => Said::of(format!("this is not Proxmox VE's API: {status}"))
            .remedy("Whoever asks it for its realms without a credential should get them. A proxy may be in the way, or the port is another server's."),
    }
}

pub(super) fn clock(Clock(gap): Clock) -> Said {
    let Some(gap) = gap else { return Said::of("the server does not say what time it is") };
    let apart = gap.ahead.unsigned_abs();
    if apart <= gap.give.max(2) {
        return Said::of("the server's agrees with this machine's");
    }
    let amount = match apart {
        seconds if seconds < 100 => format!("{seconds} s"),
        seconds if seconds < 6000 => format!("{} minutes", (seconds + 30) / 60),
        seconds => format!("{} hours", (seconds + 1800) / 3600),
    };
    let direction = if gap.ahead > 0 { "ahead of" } else { "behind" };
    let said = Said::of(format!("the server's is {amount} {direction} this machine's"));
    if apart.saturating_sub(gap.give) <= 30 {
        return said;
    }
    said.fact("The server's clock decides when users and tokens expire, and whether a one-time code is good.")
        .remedy("On whichever of the two is wrong:")
        .command("timedatectl status")
}
