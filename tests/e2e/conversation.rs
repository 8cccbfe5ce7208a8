//! A conversation of fourteen mails: a customer in mutt, one operator with a telephone, another with
//! a plain mail program, and a vendor. Everybody presses Reply, and nobody looks where it goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::mail::{Mail, ids};
use crate::mutt::Mutt;
use crate::people::{Body, Draft, Person, said, words};
use crate::site::{self, Form, Site};

const ALICE: Person = Person {
    name: "Alice",
    address: "alice@example.net",
};
const STEVE: Person = Person {
    name: "Steve",
    address: "steve@example.org",
};
const EVA: Person = Person {
    name: "Eva",
    address: "eva@example.org",
};
const VIC: Person = Person {
    name: "Vic",
    address: "vic@vendor.example",
};
const ALL: [Person; 4] = [ALICE, STEVE, EVA, VIC];

const TICKET: &str = "ticket-1@example.org";

/// What has happened so far.
struct Conversation {
    site: Site,
    /// Mails that people have written.
    written: usize,
    /// Mails that each person had before the last one was written.
    seen: BTreeMap<&'static str, usize>,
    /// Msg-ids of the mails that each person wrote or got, and those that they name.
    known: BTreeMap<&'static str, Vec<String>>,
}

impl Conversation {
    fn begin(site: Site) -> Conversation {
        let config = "domain = \"example.org\"\n\
                      admins = [\"steve@example.org\", \"eva@example.org\"]\n";
        fs::write(site.path("home/.config/tickets/config.toml"), config).unwrap();
        let people: String = [EVA, VIC]
            .map(|who| format!("{0}: {0}\n", who.address))
            .concat();
        let known = fs::read_to_string(site.path("mailboxes")).unwrap();
        fs::write(site.path("mailboxes"), known + &people).unwrap();
        Conversation {
            site,
            written: 0,
            seen: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }

    /// Somebody sends the next mail, whose words are those of its number.
    fn sends(&mut self, who: Person, draft: &Draft, body: Body) {
        let n = self.written + 1;
        let id = format!("{n}@{}", who.name.to_lowercase());
        who.sends(&self.site, draft, &id, &words(n), body);
    }

    /// Alice answers her newest mail in mutt, with this key.
    fn alice_presses(&mut self, key: &str) {
        let answered = self.newest(ALICE).get("Message-ID");
        let mutt = Mutt::at_home(&self.site, ALICE, &words(self.written + 1));
        mutt.find(&answered);
        mutt.press(&[key]);
        mutt.shows("y:Send");
        mutt.send();
        mutt.quit();
        self.site.settle();
    }

    fn newest(&self, who: Person) -> Mail {
        self.site.mailbox(who.address).pop().expect("a mail")
    }

    /// The mail that brought somebody the words of mail `n`.
    fn mail(&self, who: Person, n: usize) -> Mail {
        let mut mails = self.site.mailbox(who.address).into_iter();
        mails.find(|mail| said(mail) == [n]).expect("such a mail")
    }

    /// One more mail was written, and this is all that came of it: who got what from whom, as
    /// `Alice: Steve (Support), copy, 2`. It is filed in ticket 1, which is then open or not.
    fn came(&mut self, author: Person, open: bool, wanted: &[&str]) {
        self.written += 1;
        let n = self.written;
        let mut came = Vec::new();
        for who in ALL {
            let mut mails = self.site.mailbox(who.address);
            let seen = self.seen.insert(who.name, mails.len()).unwrap_or(0);
            came.extend(mails.drain(seen..).map(|mail| (who, mail)));
        }
        let in_short: Vec<String> = came.iter().map(|(who, mail)| short(*who, mail)).collect();
        assert_eq!(in_short, wanted, "after mail {n}");
        let count = self.site.count();
        let (one, none) = (vec![1], vec![]);
        let where_it_is = if open { (one, none) } else { (none, one) };
        assert_eq!((count.open, count.archived), where_it_is, "after mail {n}");
        let filed = self.filed();
        let spoken: Vec<Vec<usize>> = filed.iter().map(said).collect();
        assert_eq!(spoken, (1..=n).map(|n| vec![n]).collect::<Vec<_>>());
        self.knows(author, &filed[n - 1]);
        for (who, mail) in &came {
            self.threads(*who, mail);
        }
        self.nobody_has_anything_twice();
    }

    fn filed(&self) -> Vec<Mail> {
        let open = self.site.store().join("1");
        match open.exists() {
            true => crate::mail::mbox(&open),
            false => crate::mail::mbox(&self.site.store().join("archived/1")),
        }
    }

    /// Neither a mail nor its words.
    fn nobody_has_anything_twice(&self) {
        for who in ALL {
            let mails = self.site.mailbox(who.address);
            let distinct: BTreeSet<String> = ids(&mails).into_iter().collect();
            assert_eq!(distinct.len(), mails.len(), "{}", who.name);
            let texts: Vec<usize> = mails.iter().flat_map(said).collect();
            let distinct: BTreeSet<usize> = texts.iter().copied().collect();
            assert_eq!(distinct.len(), texts.len(), "{}: {texts:?}", who.name);
        }
    }

    /// Somebody wrote or got this mail.
    fn knows(&mut self, who: Person, mail: &Mail) {
        let known = self.known.entry(who.name).or_default();
        known.extend(named(mail));
        known.push(mail.get("Message-ID"));
    }

    /// A mail that somebody got names one that they know, or that one of theirs names as well, which
    /// is how mail programs thread; the first mail of all need not.
    fn threads(&mut self, who: Person, mail: &Mail) {
        let known = self.known.entry(who.name).or_default();
        let hangs_on = named(mail).iter().any(|id| known.contains(id));
        assert!(known.is_empty() || hangs_on, "{}: {}", who.name, mail.0);
        self.knows(who, mail);
    }
}

/// The msg-ids that a mail names as those before it.
fn named(mail: &Mail) -> Vec<String> {
    let fields = ["In-Reply-To", "References"].map(|name| mail.get(name));
    let ids = fields.iter().flat_map(|field| field.split_whitespace());
    ids.map(str::to_owned).collect()
}

/// Who got what: the name in From, the mark of the desk's own mail, and whose words it says.
fn short(who: Person, mail: &Mail) -> String {
    let from = mail.get("From");
    let name = from.split(" <").next().unwrap().trim_matches('"');
    let kind = match mail.get("X-Tickets-Kind") {
        kind if kind.is_empty() => "itself".to_owned(),
        kind => kind,
    };
    let said: Vec<String> = said(mail).iter().map(usize::to_string).collect();
    format!("{}: {name}, {kind}, {}", who.name, said.join(" "))
}

/// B1, B5, B11, C1 to C4: everybody sees what they should, once, and all of it threads.
#[test]
fn everybody_presses_reply() {
    let Some(site) = site::start(Form::Split, &[]) else {
        return;
    };
    let mut it = Conversation::begin(site);

    // Alice writes to the desk, and to a vendor whom she knows.
    let mutt = Mutt::at_home(&it.site, ALICE, &words(1));
    mutt.press(&["m"]);
    for (question, answer) in [
        ("To:", "submit@example.org"),
        ("Cc:", VIC.address),
        ("Subject:", "The printer is on fire"),
    ] {
        mutt.shows(question);
        mutt.types(answer);
        mutt.press(&["Enter"]);
    }
    mutt.shows("y:Send");
    mutt.send();
    mutt.quit();
    it.site.settle();
    it.came(
        ALICE,
        true,
        &[
            "Alice: Support, ack, ",
            "Steve: Alice via tickets, copy, 1",
            "Eva: Alice via tickets, copy, 1",
            "Vic: Alice, itself, 1",
        ],
    );

    // Steve's telephone writes HTML, and knows nothing but Reply-To.
    let reply = STEVE.reply(&it.mail(STEVE, 1));
    assert_eq!(reply.to, [TICKET]);
    it.sends(STEVE, &reply, Body::Html);
    let passed_on = [
        "Alice: Steve (Support), copy, 2",
        "Eva: Steve via tickets, copy, 2",
    ];
    it.came(STEVE, true, &passed_on);

    it.alice_presses("r");
    let told = [
        "Steve: Alice via tickets, copy, 3",
        "Eva: Alice via tickets, copy, 3",
    ];
    it.came(ALICE, true, &told);

    // Vic's group reply to the first mail goes to submit@, and opens no second ticket.
    let reply = VIC.group_reply(&it.mail(VIC, 1));
    assert_eq!(reply.cc, ["submit@example.org"]);
    it.sends(VIC, &reply, Body::Above);
    it.came(
        VIC,
        true,
        &[
            "Alice: Vic, itself, 4",
            "Steve: Vic via tickets, copy, 4",
            "Eva: Vic via tickets, copy, 4",
        ],
    );

    let reply = EVA.reply(&it.mail(EVA, 3));
    assert_eq!(reply.to, [TICKET]);
    it.sends(EVA, &reply, Body::Below);
    let passed_on = [
        "Alice: Eva (Support), copy, 5",
        "Steve: Eva via tickets, copy, 5",
    ];
    it.came(EVA, true, &passed_on);

    // Eva and Vic, between them; what he answers without a look goes to the ticket as well.
    let mut private = EVA.reply(&it.mail(EVA, 4));
    private.cc = std::mem::replace(&mut private.to, vec![VIC.address.to_owned()]);
    private.reply_to = Some(TICKET);
    it.sends(EVA, &private, Body::Above);
    it.came(
        EVA,
        true,
        &["Steve: Eva via tickets, copy, 6", "Vic: Eva, itself, 6"],
    );
    let reply = VIC.reply(&it.mail(VIC, 6));
    assert_eq!(reply.to, [TICKET]);
    it.sends(VIC, &reply, Body::Above);
    let told = [
        "Steve: Vic via tickets, copy, 7",
        "Eva: Vic via tickets, copy, 7",
    ];
    it.came(VIC, true, &told);

    // Alice's newest mail is Eva's answer still.
    it.alice_presses("g");
    let told = [
        "Steve: Alice via tickets, copy, 8",
        "Eva: Alice via tickets, copy, 8",
    ];
    it.came(ALICE, true, &told);

    // Some telephones write In-Reply-To alone.
    let mut reply = STEVE.reply(&it.mail(STEVE, 8));
    reply.references = false;
    it.sends(STEVE, &reply, Body::Alternative);
    let passed_on = [
        "Alice: Steve (Support), copy, 9",
        "Eva: Steve via tickets, copy, 9",
    ];
    it.came(STEVE, true, &passed_on);

    // Once more between Eva and Vic. His group reply reaches her directly.
    let mut private = EVA.reply(&it.mail(EVA, 7));
    private.cc = std::mem::replace(&mut private.to, vec![VIC.address.to_owned()]);
    it.sends(EVA, &private, Body::Below);
    it.came(
        EVA,
        true,
        &["Steve: Eva via tickets, copy, 10", "Vic: Eva, itself, 10"],
    );
    let reply = VIC.group_reply(&it.mail(VIC, 10));
    assert_eq!(
        (&reply.to[..], &reply.cc[..]),
        (&[EVA.address.to_owned()][..], &[TICKET.to_owned()][..])
    );
    it.sends(VIC, &reply, Body::Above);
    it.came(
        VIC,
        true,
        &["Steve: Vic via tickets, copy, 11", "Eva: Vic, itself, 11"],
    );

    // Eva closes it with a new mail, Alice is not content, Steve answers.
    let closing = EVA.mail("ticket-1-done@example.org", "No reply to anything");
    it.sends(EVA, &closing, Body::Above);
    let told = [
        "Alice: Support, closed, 12",
        "Steve: Eva via tickets (closed), copy, 12",
    ];
    it.came(EVA, false, &told);
    it.alice_presses("r");
    it.came(
        ALICE,
        true,
        &[
            "Steve: Alice via tickets (re-opened), copy, 13",
            "Eva: Alice via tickets (re-opened), copy, 13",
        ],
    );
    let reply = STEVE.reply(&it.mail(STEVE, 13));
    it.sends(STEVE, &reply, Body::Html);
    let passed_on = [
        "Alice: Steve (Support), copy, 14",
        "Eva: Steve via tickets, copy, 14",
    ];
    it.came(STEVE, true, &passed_on);

    // The operators know all of it, each mail once: what they did not write, they got.
    let own = |who: Person| {
        it.filed()
            .iter()
            .zip(1..)
            .filter(|(mail, _)| mail.get("From").contains(who.address))
            .map(|(_, n)| n)
            .collect::<Vec<usize>>()
    };
    for who in [STEVE, EVA] {
        let got = it.site.mailbox(who.address);
        let mut known: Vec<usize> = got.iter().flat_map(said).chain(own(who)).collect();
        known.sort_unstable();
        assert_eq!(known, (1..=14).collect::<Vec<_>>(), "{}", who.name);
    }
}
