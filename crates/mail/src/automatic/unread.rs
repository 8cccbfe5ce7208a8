//! Addresses that say that nobody reads what is sent to them.

/// One to three words by which a local-part says that nobody reads its mail, joined by any sign or none, in the
/// languages in which such addresses are found.
const SAYS: [&str; 39] = [
    "noreply",
    "noreplies",
    "noresponse",
    "donotreply",
    "donotrespond",
    "dontreply",
    "notmonitored",
    "unmonitored",
    "unattended",
    "nichtantworten",
    "nichtbeantworten",
    "keineantwort",
    "keinantwort",
    "nepasrepondre",
    "nepasr\u{e9}pondre",
    "noresponder",
    "noresponda",
    "nonrispondere",
    "naoresponda",
    "naoresponder",
    "nietantwoorden",
    "nietbeantwoorden",
    "svaraej",
    "svarej",
    "ikkesvar",
    "svarikke",
    "geenantwoord",
    "nieodpowiadaj",
    "neodpovidat",
    "neodpovidejte",
    "nocontestar",
    "nocontesta",
    "n\u{e3}oresponda",
    "n\u{e3}oresponder",
    "noanswer",
    "notreply",
    "autoreply",
    "autoresponder",
    "autoresponse",
];

/// Local-parts of programs, which are not answered (RFC 5230, 4.6, and old custom). `nobody` is the user for
/// programs that need no rights.
const PROGRAMS: [&str; 8] = [
    "nobody",
    "devnull",
    "dev-null",
    "mail-daemon",
    "listserv",
    "listproc",
    "majordomo",
    "mailman",
];

/// True if an answer to `address` would be read by nobody, or by a program, as far as the address says so: `noreply@`
/// in several languages, `owner-list@`, `bounces+12@`, `@users.noreply.example`.
pub fn is_unread(address: &str) -> bool {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    if domain
        .split('.')
        .any(|label| label.eq_ignore_ascii_case("noreply"))
    {
        return true;
    }
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    let local = local.to_lowercase();
    // What handles bounces and subscriptions: VERP and Mailman, and RFC 5230, 4.6.
    let after_bounce = local
        .strip_prefix("bounce")
        .map(|rest| rest.strip_prefix('s').unwrap_or(rest));
    // A firm may be called bounce-house.
    let is_numbered = |rest: &str| rest.contains(|c: char| c.is_ascii_digit() || c == '=');
    let is_bounce = |rest: &str| {
        rest.is_empty()
            || rest.starts_with(['+', '='])
            || (rest.starts_with('-') && is_numbered(rest))
    };
    let is_handler = after_bounce.is_some_and(is_bounce)
        || local.starts_with("owner-")
        || local.ends_with("-owner")
        || local.ends_with("-bounces")
        || local.ends_with("-request");
    is_handler || PROGRAMS.contains(&local.as_str()) || says_so(&local)
}

fn says_so(local: &str) -> bool {
    let words = local.split(|c: char| !c.is_alphanumeric());
    // Large senders number such addresses.
    let words: Vec<&str> = words
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        .filter(|word| !word.is_empty())
        .collect();
    let says = |words: &[&str]| SAYS.contains(&words.concat().as_str());
    (1..=3).any(|count| words.windows(count).any(says))
}
