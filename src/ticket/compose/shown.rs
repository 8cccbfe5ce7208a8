//! How mail for the admins shows who wrote a message: nobody can take another's name there unseen (C2).

use super::Composer;
use super::head::cut;
use mail::decode::{Mailbox, clean};
use mail::message::Message;

/// The most bytes of a name, so that what stands behind it is always seen.
const LONGEST_NAME: usize = 60;

/// The most bytes of an address.
const LONGEST_ADDRESS: usize = 64;

impl Composer<'_> {
    /// Who wrote `original`, for the display name of its copy: the name, and the address as well where the name is
    /// one of the desk's, or where Reply-To hides From.
    pub(super) fn shown_author(&self, original: &Message) -> String {
        let writer = self.by.writer.as_ref();
        let address = writer.map(|writer| shortened(&clean(&writer.address)));
        let name = match writer {
            Some(writer) => clean(&writer.name),
            None => clean(&original.author_text()),
        };
        // Round brackets are ours, and what stands in them.
        let name = name
            .replace(['(', '\u{ff08}'], "[")
            .replace([')', '\u{ff09}'], "]");
        let folded = folded(&name);
        let hidden = self.hidden_from(original).map(|from| shortened(&from));
        let (name, beside) = match address {
            Some(address) if name.is_empty() || speaks_for_another(&folded) => (address, hidden),
            None if name.is_empty() || speaks_for_another(&folded) => ("somebody".into(), None),
            address => {
                let lent = !self.by.is_staff && self.is_of_the_desk(&folded);
                let beside = address.unwrap_or_else(|| "no address".into());
                (name, hidden.or(lent.then_some(beside)))
            }
        };
        let others = match original.from().len() {
            0 | 1 => "",
            _ => " and others",
        };
        let beside = beside.map(|it| format!(" ({it})")).unwrap_or_default();
        format!(
            "{}{others}{beside}",
            cut(&name, LONGEST_NAME.max(LONGEST_ADDRESS))
        )
    }

    /// The address in From, where it does not name the writer, whom only Reply-To names.
    pub(super) fn hidden_from(&self, original: &Message) -> Option<String> {
        let writer = self.by.writer.as_ref()?;
        let from = original.from();
        let is_writer = |from: &Mailbox| from.address.eq_ignore_ascii_case(&writer.address);
        match from.iter().any(is_writer) {
            true => None,
            false => from.first().map(|from| clean(&from.address)),
        }
    }

    /// The writer's address, and From's where that is another one; empty if there is none.
    pub(super) fn both_addresses(&self, original: &Message) -> String {
        let writer = self.by.writer.as_ref().map(|m| clean(&m.address));
        let from = self.hidden_from(original);
        let from = from.map(|from| format!(" (From: {from})"));
        writer.unwrap_or_default() + &from.unwrap_or_default()
    }

    /// True if a name, folded, is the desk's or holds the user's name of an admin, or the name of one of its people.
    fn is_of_the_desk(&self, name: &str) -> bool {
        let desk = folded(self.name);
        let addresses = self.people.iter().flat_map(|person| &person.addresses);
        let mut users = addresses.filter_map(|address| address.rsplit_once('@'));
        let is_word = |own: &str| words(name).any(|word| word == own);
        let names = self.people.iter();
        let mut names = names.flat_map(|person| person.name.iter().chain(&person.sign));
        let holds = |own: &String| {
            let own = folded(own);
            let mut own = words(&own).filter(|word| !word.is_empty()).peekable();
            own.peek().is_some() && own.all(is_word)
        };
        (!desk.is_empty() && name.contains(&desk))
            || users.any(|(user, _)| is_word(&user.to_lowercase()))
            || names.any(holds)
    }
}

/// True if a name, folded, holds an address, or says by whom a copy comes.
fn speaks_for_another(name: &str) -> bool {
    name.contains(['@', '\u{ff20}', '\u{fe6b}']) || words(name).any(|word| word == "via")
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
}

/// `name` in lower case, without characters that nobody sees.
fn folded(name: &str) -> String {
    // Unicode's Default_Ignorable_Code_Point.
    let unseen = |c: char| {
        matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
    };
    name.to_lowercase()
        .chars()
        .filter(|c| !unseen(*c))
        .collect()
}

/// An address of which the end is seen, however long it is: the domain says most.
fn shortened(address: &str) -> String {
    if address.len() <= LONGEST_ADDRESS {
        return address.to_owned();
    }
    let end = address.ceil_char_boundary(address.len() - 48);
    format!("{}...{}", cut(address, 12), &address[end..])
}
