//! Telling the desk's staff from its customers, by address.

use super::address::Addresses;

/// The admins, and the desk's own addresses, from which the operator's mail program sends.
///
/// Evaluated when something is shown, not when it is filed: the replies that a new admin wrote
/// before joining then count as the desk's.
#[derive(Clone, Copy, Debug)]
pub struct Staff<'a> {
    pub admins: &'a [String],
    pub addresses: &'a Addresses,
}

impl Staff<'_> {
    /// True if mail from `address` (any letter case) comes from the desk, not from a customer.
    pub fn has(&self, address: &str) -> bool {
        let is_admin = self.admins.iter().any(|a| a.eq_ignore_ascii_case(address));
        is_admin || self.addresses.target(address).is_some()
    }
}
