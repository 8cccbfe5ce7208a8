//! Digests in ticket addresses. With a secret, `ticket-12@` becomes `ticket-12-k3j9x2ab@`, so that
//! only people who got mail from the ticket know its address.
//!
//! Eight characters are 40 bits. An attacker has to try each guess on the mail server. At a thousand
//! guesses a second it takes 17 years to find the address of a given ticket, and twelve days (with a
//! thousand million refusals in the log) to find that of any one of a thousand tickets. All it gives
//! them is the right to write to that ticket.

use super::TicketId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// The characters of a digest. None is easily mistaken for another, in print or on the phone.
const DIGITS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";

/// Characters of a digest. They encode five bytes of the HMAC.
pub const LENGTH: usize = 8;

/// The least length of a secret, in bytes. A word from a dictionary could be guessed.
pub const SHORTEST: usize = 16;

/// The desk's secret.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl fmt::Debug for Secret {
    /// Does not show the secret, since configurations are printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// `None` if there are fewer than [`SHORTEST`] bytes.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let long = bytes.len() >= SHORTEST;
        Hmac::new_from_slice(bytes)
            .ok()
            .filter(|_| long)
            .map(Secret)
    }

    /// The digest of a ticket's address.
    pub fn digest(&self, id: TicketId) -> String {
        encode(self.hmac("ticket", &id.to_string()))
    }

    /// True if `digest`, in lower case, is that of the ticket. Takes constant time, so that an
    /// attacker cannot measure how much of a guess is right.
    pub fn matches(&self, id: TicketId, digest: &str) -> bool {
        let value = |c: u8| DIGITS.iter().position(|&d| d == c);
        let bits = digest
            .bytes()
            .try_fold(0_u64, |bits, c| Some(bits << 5 | value(c)? as u64));
        let Some(bits) = bits.filter(|_| digest.len() == LENGTH) else {
            return false;
        };
        let mac = self.hmac("ticket", &id.to_string());
        mac.verify_truncated_left(&bits.to_be_bytes()[3..]).is_ok()
    }

    /// A digest of `text` that shows whether a copy of it was made with this secret.
    pub fn seal(&self, text: &str) -> String {
        encode(self.hmac("seal", text))
    }

    fn hmac(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac
    }
}

/// The first 40 bits, five to a character.
fn encode(mac: Hmac<Sha256>) -> String {
    let bytes = mac.finalize().into_bytes();
    let bits = bytes[..5]
        .iter()
        .fold(0_u64, |bits, &b| bits << 8 | u64::from(b));
    let digit = |n: usize| char::from(DIGITS[(bits >> (5 * n) & 31) as usize]);
    (0..LENGTH).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> TicketId {
        TicketId::new(n).unwrap()
    }

    #[test]
    fn digests_are_those_of_hmac_sha256() {
        // Values of another implementation: printf 'ticket\0%s' N | openssl dgst -sha256 -hmac SECRET
        let secret = Secret::new(b"0123456789abcdef").unwrap();
        for (n, want) in [(1, "77ak8qyc"), (12, "22t6j7hw"), (999_999_999, "y98wb98r")] {
            assert_eq!(secret.digest(id(n)), want);
            assert!(secret.matches(id(n), want));
        }
    }

    #[test]
    fn only_the_exact_digest_matches() {
        let secret = Secret::new(b"0123456789abcdef").unwrap();
        let right = secret.digest(id(7));
        assert!(!secret.matches(id(8), &right));
        assert!(
            !Secret::new(b"0123456789abcdeg")
                .unwrap()
                .matches(id(7), &right)
        );
        for at in 0..LENGTH {
            for other in DIGITS.iter().filter(|&&d| d != right.as_bytes()[at]) {
                let mut wrong = right.clone().into_bytes();
                wrong[at] = *other;
                assert!(!secret.matches(id(7), std::str::from_utf8(&wrong).unwrap()));
            }
        }
        for wrong in [
            "",
            "2",
            &right[1..],
            &format!("{right}2"),
            "0lo10lo1",
            "üüüü",
        ] {
            assert!(!secret.matches(id(7), wrong), "{wrong}");
        }
    }

    #[test]
    fn secrets_are_long_and_not_shown() {
        assert!(Secret::new(b"0123456789abcde").is_none());
        let secret = Secret::new(b"0123456789abcdef").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret");
        // A seal is not the digest of a ticket.
        assert_ne!(secret.seal("7"), secret.digest(id(7)));
    }
}
