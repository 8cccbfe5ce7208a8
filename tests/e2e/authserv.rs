//! `authserv_id` with the real programs: what a server finds out, what a stranger says it found
//! out, and what the operator's mutt sends.

use nix::sys::signal::Signal;
use std::fs;
use std::process::Child;

use crate::exim::trial;
use crate::mail::{Mail, mbox};
use crate::mutt::Mutt;
use crate::site::{self, Form, Site, configure};
use crate::smtp::Smtp;
use crate::story::{ALICE, STEVE, newest};
use crate::{dns, postfix_site};

const CONFIG: &str = "authserv_id = \"mail.example.org\"\n";

/// An admin's mail with a signature of `example.org`, and the key for it: Ed25519 (RFC 8463).
const KEY: &str = "v=DKIM1; k=ed25519; p=jxVDocTrO2FlJoVZfs97MvQ/21c2feFE2ZMk8Miq6wk=";
const SIGNED: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; \
    s=tests;\n h=from:to:subject:message-id:date; \
    bh=946l7UNHFBrAQKE1v8SF0VgZYRtZu7hRuQe2Ez3dssc=;\n \
    b=qnC1PVXNcNHd5qfvQ+GtUrussZgcI3Kx1IG5C/ptveJYdXf2BW8bdjOZvqUgvIQ3zQDk4VPmbM/vle/Vxr9iBQ==\n\
    From: Steve <steve@example.org>\nTo: ticket-1-done@example.org\n\
    Subject: Re: [issue1] printer\nMessage-ID: <signed@example.org>\n\
    Date: Sun, 22 Nov 2026 10:00:00 +0000\n\nPut out.\n";

/// A stranger's key, and signatures made with it: tags, Message-ID, signature.
const STRANGERS_KEY: &str = "v=DKIM1; k=ed25519; p=SMp1MP6KDl/t+2pIP8ufo+f6SvxncQe0MPskcjhTFpk=";
const IN_A_COMMENT: [&str; 3] = [
    "d=(.evil.example; s=x)example.org; ",
    "comment",
    "gJVq0B0CvXrl4EyZL2E1GL9NBH3Y6T5rd8Iy83XW7E2uJ/yXK2s7GIVJfLekrZun4YUXGtIKMERuHCsEOHpvDA==",
];
/// Decoded, the identity is a result of its own.
const IN_AN_IDENTITY: [&str; 3] = [
    "d=evil.example; s=tests; \
     i=x=3Bdkim=3Dpass=20header.d=3Dexample.org=20y=3Dz@evil.example; ",
    "identity",
    "jKyEvLfzkeOUg5kXByIzDyg79/C+YKlgH566JCU1AIQp0pOsOPu/L+2wKEyZVwlUsIcvwbWRHARNhlriyO41Ag==",
];
const AS_AN_IDENTITY: [&str; 3] = [
    "d=evil.example; s=tests; i=example.org; ",
    "bare",
    "5U7Jz9tx197Cpsc6NhynwWS3m7Ec1ml7fmUumri+8Vx8DfttZYLHz61GoA0CVuJK7gNSqjtfQWHeadPVRPXtCQ==",
];

/// An admin's mail that a stranger wrote and signed.
fn strangers([tags, id, signature]: [&str; 3]) -> String {
    let (_, text) = SIGNED.split_once("==\n").unwrap();
    let tail = "bh=946l7UNHFBrAQKE1v8SF0VgZYRtZu7hRuQe2Ez3dssc=";
    let head = format!("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; {tags}");
    let header = "h=from:to:subject:message-id:date";
    let text = text.replace("<signed@", &format!("<{id}@"));
    format!("{head}{header}; {tail}; b={signature}\n{text}")
}

const STRANGERS_NAMES: [&str; 2] = [
    "x)example.org._domainkey.(.evil.example",
    "tests._domainkey.evil.example",
];

const DONE: &str = "ticket-1-done@example.org";

/// The block of this language in contrib/README.md.
fn recipe(language: &str) -> &'static str {
    let text = include_str!("../../contrib/README.md");
    let (_, block) = text
        .split_once(&format!("```{language}\n"))
        .expect(language);
    block.split_once("```").unwrap().0
}

/// An Exim that does what contrib/README.md says, and asks for passwords.
fn exim() -> Option<Site> {
    let site = site::start(Form::Split, &[])?;
    configure(&site.path(""), CONFIG);
    let macros = recipe("exim-macros");
    let allow = "AUTH_SERVER_ALLOW_NOTLS_PASSWORDS = yes\n";
    let etc = |name: &str, text: &str| fs::write(site.path("etc").join(name), text).unwrap();
    etc("conf.d/main/000_localmacros", &format!("{macros}{allow}"));
    etc("tickets_data_acl", recipe("exim-acl"));
    etc(
        "conf.d/auth/20_site",
        "site_plain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n  \
         server_condition = ${if eq{$auth3}{secret}}\n  server_set_id = $auth2\n",
    );
    site::reload_exim(&site);
    Some(site)
}

/// The fields that our server, or somebody under its name, wrote into the newest entry.
fn results(entry: &Mail) -> Vec<String> {
    let fields = entry.all("Authentication-Results");
    fields
        .iter()
        .map(|f| f.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn open(site: &Site) {
    site.mail(
        ALICE,
        "submit@example.org",
        &trial(ALICE, "first@example.net", "printer"),
    );
    assert_eq!(site.count().open, [1]);
}

#[test]
fn exim_says_who_wrote_it() {
    let Some(site) = exim() else { return };
    let [one, other] = STRANGERS_NAMES.map(|name| (name, STRANGERS_KEY));
    dns::serve(&site, &[("tests._domainkey.example.org", KEY), one, other]);
    open(&site);
    // A stranger says that our server had found a signature; and one that fails is no proof.
    let forged = "Authentication-Results: mail.example.org; dkim=pass header.d=example.org\n\
        Authentication-Results : (x) \"mail.example.org\"; auth=pass smtp.auth=steve\n";
    let closing = trial(STEVE, "a@example.org", "close it").replace("submit@", "ticket-1-done@");
    let changed = SIGNED
        .replace("Put out.", "Burnt down.")
        .replace("<signed@", "<changed@");
    for (case, text, found) in [
        (
            "forged",
            format!("{forged}{closing}"),
            "mail.example.org; none",
        ),
        ("changed", changed, "mail.example.org; none"),
        (
            "a domain that begins a comment",
            strangers(IN_A_COMMENT),
            "mail.example.org; none",
        ),
        (
            "an identity that is a result",
            strangers(IN_AN_IDENTITY),
            "mail.example.org; dkim=pass header.d=evil.example",
        ),
        (
            "an identity that is a domain",
            strangers(AS_AN_IDENTITY),
            "mail.example.org; dkim=pass header.d=evil.example",
        ),
    ] {
        let told = site.mailbox(STEVE).len();
        site.mail(STEVE, DONE, &text);
        let count = site.count();
        assert_eq!((count.open, count.archived), (vec![1], vec![]), "{case}");
        let entry = site.ticket(1).pop().unwrap();
        let [result] = &results(&entry)[..] else {
            panic!("{case}: {}", entry.0);
        };
        assert_eq!(result, found, "{case}");
        // The mail itself, which says that it was tried.
        assert_eq!(site.mailbox(STEVE).len(), told + 1, "{case}");
        let copy = newest(&site, STEVE);
        assert_eq!(copy.get("X-Tickets-Kind"), "copy", "{case}");
        let remark = copy.get("X-Tickets-Remark");
        assert!(
            remark.contains("do not prove who wrote it"),
            "{case}: {remark}"
        );
    }
    site.mail(STEVE, DONE, &format!("{forged}{SIGNED}"));
    let count = site.count();
    assert_eq!((count.open, count.archived), (vec![], vec![1]));
    let entry = mbox(&site.store().join("archived/1")).pop().unwrap();
    let [result] = &results(&entry)[..] else {
        panic!("{}", entry.0);
    };
    assert_eq!(result, "mail.example.org; dkim=pass header.d=example.org");
    assert_eq!(newest(&site, ALICE).get("X-Tickets-Kind"), "closed");
}

/// Logs in, and sends an admin's closing mail with this after its sender.
fn log_in(site: &Site, port: u16, login: &str, parameter: &str, id: &str) {
    let mut smtp = Smtp::connect(port);
    let answer = smtp.say(&format!("AUTH PLAIN {}", plain(login, "secret")));
    assert!(answer.starts_with("235"), "{login}: {answer}");
    let text = trial(STEVE, id, "close it");
    smtp.send_with(STEVE, parameter, &[DONE], text.as_bytes());
    site.settle();
}

/// `AUTH=` (RFC 4954, 5) of somebody who has a password: what Exim takes for the envelope sender of
/// whoever handed the mail in.
const CHOSEN: &str = " AUTH=x+3Bauth+3Dpass+20smtp.auth+3Dsteve";

/// C3, C5: Exim's own `${authresults}` copies what strangers wrote.
#[test]
fn what_exim_copies_is_no_proof() {
    let Some(site) = exim() else { return };
    let copies = "warn\n  remove_header = Authentication-Results\n  \
        add_header = :at_start:${authresults{mail.example.org}}\n";
    fs::write(site.path("etc/tickets_data_acl"), copies).unwrap();
    let macros = recipe("exim-macros").lines().next().unwrap();
    let allow = "AUTH_SERVER_ALLOW_NOTLS_PASSWORDS = yes\n";
    let file = site.path("etc/conf.d/main/000_localmacros");
    fs::write(file, format!("{macros}\n{allow}")).unwrap();
    site::reload_exim(&site);
    dns::serve(&site, &[(STRANGERS_NAMES[0], STRANGERS_KEY)]);
    open(&site);
    let found = || {
        let [result] = &results(&site.ticket(1).pop().unwrap())[..] else {
            panic!("not one field");
        };
        result.to_owned()
    };
    site.mail(STEVE, DONE, &strangers(IN_A_COMMENT));
    assert_eq!(
        found(),
        "mail.example.org; dkim=pass header.d=(.evil.example header.s=x)example.org header.a=ed25519-sha256"
    );
    log_in(&site, site.port, "mallory", CHOSEN, "c@example.org");
    assert_eq!(
        found(),
        "mail.example.org; auth=pass (PLAIN) smtp.auth=mallory smtp.mailfrom=x;auth=pass smtp.auth=steve"
    );
    assert_eq!(site.count().open, [1]);
}

#[test]
fn servers_say_who_gave_a_password() {
    for site in [exim().map(|s| (s.port, None, s)), postfix_with_dovecot()] {
        let Some((port, _dovecot, site)) = site else {
            return;
        };
        open(&site);
        for (case, login, parameter, archived) in [
            ("another", "mallory", "", vec![]),
            ("who chooses more", "mallory", CHOSEN, vec![]),
            ("the admin", "steve", "", vec![1]),
        ] {
            let id = format!("{login}{}@example.org", parameter.len());
            log_in(&site, port, login, parameter, &id);
            assert_eq!(site.count().archived, archived, "{case}");
        }
    }
}

/// The server that knows the passwords; it ends with the value.
struct Dovecot(Child);

impl Drop for Dovecot {
    fn drop(&mut self) {
        // The child was not waited for, so the pid is still its own.
        let _ = site::signal(self.0.id(), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// A Postfix that does what contrib/README.md says, with a second port for who has a password.
fn postfix_with_dovecot() -> Option<(u16, Option<Dovecot>, Site)> {
    if !site::may_run(site::missing(&["dovecot"])) {
        return None;
    }
    let site = postfix()?;
    let port = site::free_port();
    let options = recipe("postfix-master").lines().map(|line| {
        let option = line.trim().strip_prefix("-o ").unwrap();
        format!("postconf -P 127.0.0.1:{port}/inet/{option}\n")
    });
    let root = site.path("");
    let root = root.to_str().unwrap().trim_end_matches('/');
    let dovecot = format!(
        "base_dir = {root}/dovecot\nstate_dir = {root}/dovecot\nlog_path = {root}/log/dovecot\n\
         protocols =\nssl = no\npassdb {{\n driver = static\n args = password=secret\n}}\n\
         service auth {{\n unix_listener /var/spool/postfix/private/auth {{\n  mode = 0666\n }}\n}}\n"
    );
    fs::create_dir(site.path("dovecot")).unwrap();
    fs::write(site.path("dovecot.conf"), dovecot).unwrap();
    let script = format!(
        "postconf -M '127.0.0.1:{port}/inet=127.0.0.1:{port} inet n - y - - smtpd'\n{}\
         for option in auth_enable=yes type=dovecot path=private/auth; do\n\
         postconf -P 127.0.0.1:{port}/inet/smtpd_sasl_$option\ndone",
        options.collect::<String>()
    );
    let run = site.inside(&["sh", "-euc", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let config = format!("{root}/dovecot.conf");
    let mut dovecot = site.inside(&["dovecot", "-F", "-c", &config]);
    let dovecot = Dovecot(dovecot.spawn().unwrap());
    let socket = site.path("spool/private/auth");
    site.wait("dovecot to listen", || socket.exists().then_some(()));
    postfix_site::reload(&site);
    Some((port, Some(dovecot), site))
}

/// RFC 4616, in base64.
fn plain(login: &str, password: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("\0{login}\0{password}");
    let group = |bytes: &[u8]| {
        let bits = bytes
            .iter()
            .fold(0_u32, |bits, &b| bits << 8 | u32::from(b));
        let bits = bits << (8 * (3 - bytes.len()));
        let digit = |n: usize| match n <= bytes.len() {
            true => char::from(DIGITS[(bits >> (18 - 6 * n) & 63) as usize]),
            false => '=',
        };
        [digit(0), digit(1), digit(2), digit(3)]
    };
    text.as_bytes().chunks(3).flat_map(group).collect()
}

/// A Postfix that does what contrib/README.md says, but for the milters.
fn postfix() -> Option<Site> {
    let site = postfix_site::start(&[])?;
    configure(&site.path(""), CONFIG);
    let tables = ["header", "login"].map(|name| {
        let text = recipe(&format!("postfix-{name}"));
        format!("cat >/etc/postfix/tickets_{name} <<'END'\n{text}END\n")
    });
    let main = recipe("postfix-main").trim();
    let script = format!("{}postconf -e '{main}'", tables.concat());
    let run = site.inside(&["sh", "-euc", &script]).status();
    assert!(run.unwrap().success());
    postfix_site::reload(&site);
    Some(site)
}

#[test]
fn the_operators_mutt_closes() {
    let forged = "Authentication-Results: mail.example.org; auth=pass smtp.auth=steve\n\
        Authentication-Results : mail.example.org; auth=pass smtp.auth=steve\n";
    for site in [exim(), postfix()] {
        let Some(site) = site else { return };
        open(&site);
        // The same From, by whoever is on the network.
        let text = trial("ticket-1@example.org", "a@example.net", "close it");
        site.mail(STEVE, DONE, &format!("{forged}{text}"));
        assert_eq!(site.count().open, [1]);
        let entry = site.ticket(1).pop().unwrap();
        assert!(!entry.0.contains("auth=pass"), "{}", entry.0);
        let acks = site.mailbox(ALICE).len();
        let mutt = Mutt::open(&site, "~/tickets/1", "Put out.");
        mutt.press(&["Home", "C"]);
        mutt.shows("q:Abort");
        mutt.send_and_leave();
        site.settle();
        let count = site.count();
        assert_eq!((count.open, count.archived), (vec![], vec![1]));
        assert_eq!(site.mailbox(ALICE).len(), acks + 1);
        assert_eq!(newest(&site, ALICE).get("Cc"), DONE);
    }
}
