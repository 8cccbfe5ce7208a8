//! Quiet hours of the people.

use super::*;

// L6
#[test]
fn quiet_hours_that_cannot_be_are_refused() {
    let bare = "domain = \"x.org\"\n[person.steve]\naddress = \"steve\"\n";
    for (keys, want) in [
        (
            "quiet = \"at night\"",
            "person.steve.quiet: \"at night\" names no hours",
        ),
        (
            "quiet = \"00:00-24:00\"",
            "person.steve.quiet: \"00:00-24:00\" is the whole week, so that steve would never be told",
        ),
        (
            "quiet = \"07:00-22:00; 22:00-07:00 Sat-Fri\"",
            "person.steve.quiet: \"07:00-22:00; 22:00-07:00 Sat-Fri\" is the whole week",
        ),
        ("zone = \"Europe/Nowhere\"", "person.steve.zone: "),
        ("wann = 1", "unknown key `wann`"),
    ] {
        let (status, line, _) = complaint(&format!("{bare}{keys}\n"));
        assert_eq!(status, Status::Config, "{keys}");
        assert!(line.contains(want), "{keys}: {line}");
    }
    // Nearly all of it, and none of it.
    for quiet in ["outside 03:00-03:01 Sat", "outside 00:00-24:00"] {
        let good = load(&format!("{bare}quiet = \"{quiet}\"\n")).unwrap();
        let hours = good.people[0].quiet.as_ref().unwrap().hours.to_string();
        assert_eq!(hours, quiet);
    }
}
