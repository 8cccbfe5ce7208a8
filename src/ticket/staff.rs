//! Who works at the desk, as far as an address can tell.

use super::address::Addresses;

/// The admins, and the desk's own addresses, from which the operator's mail program writes.
///
/// Asked for when something is shown, not when it is filed: an admin who joins today wrote
/// yesterday's replies.
#[derive(Clone, Copy, Debug)]
pub struct Staff<'a> {
    /// Addresses of the admins.
    pub admins: &'a [String],
    /// The desk's addresses.
    pub addresses: &'a Addresses,
}

impl Staff<'_> {
    /// True if mail from `address` (any letter case) is the desk's word, not a customer's.
    pub fn has(&self, address: &str) -> bool {
        let is_admin = self.admins.iter().any(|a| a.eq_ignore_ascii_case(address));
        is_admin || self.addresses.target(address).is_some()
    }
}
