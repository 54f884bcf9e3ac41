//! A certificate's fingerprint.

use std::fmt;
use std::str::FromStr;

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

/// The SHA-256 of a certificate, as Proxmox VE shows it: `AB:CD:...`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hexadecimal digits, with or without colons")]
pub struct FingerprintError;

impl Fingerprint {
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate).into())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits: Vec<char> = text.trim().chars().filter(|&c| c != ':').collect();
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().try_fold(0, |sum, c| Some(sum * 16 + c.to_digit(16)?)))
            .map(|byte| byte.and_then(|byte| u8::try_from(byte).ok()).ok_or(FingerprintError))
            .collect::<Result<_, _>>()?;
        if digits.len() != 64 {
            return Err(FingerprintError);
        }
        bytes.try_into().map(Fingerprint).map_err(|_| FingerprintError)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_with_and_without_colons() {
        let shown = ["AB"; 32].join(":");
        for written in [shown.clone(), shown.to_lowercase(), shown.replace(':', ""), format!(" {shown}\n")] {
            assert_eq!(written.parse::<Fingerprint>().unwrap().to_string(), shown);
        }
        for bad in ["", "AB", &shown[3..], &format!("{shown}:AB"), &shown.replace("AB", "XY")] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(FingerprintError));
        }
    }
}
