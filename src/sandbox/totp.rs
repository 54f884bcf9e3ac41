//! Codes that an authenticator app shows (RFC 6238).

use data_encoding::BASE32_NOPAD;
use reqwest::Url;
use ring::hmac;

/// What an app and the server share, as a URI `otpauth://totp/LABEL?secret=..` tells it.
pub(super) struct Totp {
    key: hmac::Key,
    digits: u32,
    step: u64,
}

impl Totp {
    /// None for what is no such URI.
    pub(super) fn from_uri(uri: &str) -> Option<Totp> {
        let url = Url::parse(uri).ok()?;
        if url.scheme() != "otpauth" || url.host_str() != Some("totp") {
            return None;
        }
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let algorithm = match value("algorithm").as_deref() {
            None | Some("SHA1") => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Some("SHA256") => hmac::HMAC_SHA256,
            Some("SHA512") => hmac::HMAC_SHA512,
            Some(_) => return None,
        };
        let number = |name: &str, default: &str| value(name).unwrap_or_else(|| default.to_owned()).parse::<u32>().ok();
        let (digits, step) = (number("digits", "6")?, number("period", "30")?);
        let secret =
            BASE32_NOPAD.decode(value("secret")?.to_ascii_uppercase().trim_end_matches('=').as_bytes()).ok()?;
        let is_sound = (6..=8).contains(&digits) && step > 0;
        is_sound.then(|| Totp { key: hmac::Key::new(algorithm, &secret), digits, step: u64::from(step) })
    }

    /// Which step's code this is: of the one at `now`, the one before or the one after.
    pub(super) fn verify(&self, code: &str, now: u64) -> Option<u64> {
        let current = now / self.step;
        (current.saturating_sub(1)..=current + 1).find(|count| self.code(*count) == code)
    }

    fn code(&self, count: u64) -> String {
        let tag = hmac::sign(&self.key, &count.to_be_bytes());
        let bytes = tag.as_ref();
        let at = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
        let truncated = bytes.iter().skip(at).take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte));
        let code = (truncated & 0x7fff_ffff) % 10_u32.pow(self.digits);
        format!("{code:0width$}", width = self.digits as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seeds = [
            ("SHA1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            ("SHA256", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA===="),
        ];
        for (algorithm, now, code) in [
            ("SHA1", 59, "94287082"),
            ("SHA1", 1_111_111_109, "07081804"),
            ("SHA1", 20_000_000_000, "65353130"),
            ("SHA256", 59, "46119246"),
            ("SHA256", 1_111_111_111, "67062674"),
        ] {
            let (_, seed) = seeds.iter().find(|(name, _)| *name == algorithm).unwrap();
            let uri = format!("otpauth://totp/ann?secret={seed}&digits=8&algorithm={algorithm}");
            let totp = Totp::from_uri(&uri).unwrap();
            assert_eq!(totp.verify(code, now), Some(now / 30), "{algorithm} at {now}");
            assert_eq!(totp.verify(code, now + 30), Some(now / 30), "clocks differ");
            assert_eq!(totp.verify(code, now + 60), None);
        }
    }

    #[test]
    fn other_uris_are_none() {
        for uri in [
            "",
            "otpauth://hotp/x?secret=GEZDGNBV",
            "otpauth://totp/x",
            "otpauth://totp/x?secret=1",
            "https://totp/x?secret=GEZDGNBV",
        ] {
            assert!(Totp::from_uri(uri).is_none(), "{uri}");
        }
    }
}
