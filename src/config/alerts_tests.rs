use crate::config::tests::{complaint, load};
use crate::error::Status;
use crate::ticket::alert::PerHour;
use crate::ticket::kind::MessageKind;

// L6
#[test]
fn an_alert_that_cannot_be_given_is_refused() {
    let bare = "domain = \"x.org\"\nadmins = \"steve@x.org\"\n[[alert]]\n";
    for (keys, want) in [
        ("", "alert.to: expected to = "),
        ("to = []", "alert.to: expected to = "),
        (
            "to = \"submit\"",
            "alert.to: submit@x.org is an address of the desk",
        ),
        ("to = \"\"", "alert.to: \"\" is not an address"),
        (
            "to = \"Steve <s@y>\"",
            "alert.to: \"Steve <s@y>\" is not an address",
        ),
        (
            "to = [\"a@y\", \"b@y, c@y\"]",
            "alert.to: \"b@y, c@y\" is not an address",
        ),
        (
            "to = \"a@y\"\nfrom = \"Evil <a@b>\\nBcc: z@z\"",
            "alert.from: \"Evil <a@b>\\nBcc: z@z\" is not an address",
        ),
        (
            "to = \"a@y\"\nfrom = \"submit\"",
            "alert.from: submit@x.org is an address of the desk",
        ),
        (
            "to = \"a@y\"\nfrom = \"ticket-1-done@x.org\"",
            "alert.from: ticket-1-done@x.org is an address of the desk",
        ),
        (
            "to = \"a@y\"\nfrom = \"submit+sms@x.org\"",
            "alert.from: submit+sms@x.org is an address of the desk",
        ),
        (
            "to = \"a@y\"\nevents = []",
            "alert.events: expected one at least",
        ),
        (
            "to = \"a@y\"\nwhen = \"at night\"",
            "alert.when: \"at night\" names no hours",
        ),
        (
            "to = \"a@y\"\nzone = \"Europe/Nowhere\"",
            "alert.zone: \"Europe/Nowhere\" is no time zone",
        ),
        (
            "to = \"a@y\"\nlimit = \"5\"",
            "alert.limit: \"5\" is no limit such as",
        ),
        (
            "to = \"a@y\"\nevents = [\"opend\"]",
            "alert.events: \"opend\" is no kind of event; there are",
        ),
        (
            "to = \"a@y\"\nkind = \"sms\"",
            "alert.kind: \"sms\" is neither",
        ),
        (
            "to = \"a@y\"\nkind = \"module:sms\"",
            "alert.to: a module is told",
        ),
        (
            "kind = \"module:sms\"\nlimit = \"5/h\"",
            "alert.limit: a module has no limit here: it is for mail",
        ),
        (
            "kind = \"module:../x\"",
            "alert.kind: \"module:../x\" is neither",
        ),
        ("to = \"a@y\"\nwenn = 1", "unknown key `wenn`"),
    ] {
        let (status, line, _) = complaint(&format!("{bare}{keys}\n"));
        assert_eq!(status, Status::Config, "{keys}");
        assert!(line.contains(want), "{keys}: {line}");
    }
    // Letters that are swapped are one slip; what is as long and has other letters is further away.
    let (_, _, hint) = complaint(&format!("{bare}to = \"a@y\"\nzoen = \"UTC\"\n"));
    assert_eq!(hint.as_deref(), Some("the key is `zone`"));
    let good = load(&format!("{bare}to = \"a@y\"\nevents = \"reopened\"\n")).unwrap();
    assert_eq!(good.alerts[0].rule.events, [MessageKind::Reopened]);
    assert_eq!(good.alerts[0].limit, Some(PerHour(10)));
    // A local-part is one of the desk's domain.
    let good = load(&format!("{bare}to = \"anns-phone\"\nfrom = \"steve\"\n")).unwrap();
    assert_eq!(good.alerts[0].to, ["anns-phone@x.org"]);
    assert_eq!(good.alerts[0].from.as_deref(), Some("steve@x.org"));
}
