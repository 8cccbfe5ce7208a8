//! Lists as Postfix prints them: the services of master.cf, and values of several words.

use crate::commands::check::way::Doors;
use std::net::{IpAddr, SocketAddr};

/// Where it listens for other servers: the services that speak SMTP with them.
pub(super) fn doors(services: &str, interfaces: &str) -> Doors {
    const OTHERS: [&str; 5] = ["submission", "submissions", "smtps", "465", "587"];
    let hosts: Vec<IpAddr> = items(interfaces).into_iter().flat_map(named).collect();
    let mut doors = Vec::new();
    for line in services.lines() {
        let words = words(line);
        let (&[name, "inet", ..], Some(&program)) = (&words[..], words.get(7)) else {
            continue;
        };
        let (host, port) = name
            .rsplit_once(':')
            .map_or((None, name), |(host, port)| (Some(host), port));
        if !["smtpd", "postscreen"].contains(&program) || OTHERS.contains(&port) {
            continue;
        }
        let port = match port {
            "smtp" => Some(25),
            number => number.parse().ok(),
        };
        let at: Vec<IpAddr> = host.map_or_else(|| hosts.clone(), named);
        doors.extend(
            port.into_iter()
                .flat_map(|port| at.iter().map(move |ip| SocketAddr::from((*ip, port)))),
        );
    }
    // What listens elsewhere is for a filter, if there is one on the usual port.
    if doors.iter().any(|door| door.port() == 25) {
        doors.retain(|door| door.port() == 25);
    }
    Doors(doors)
}

/// The addresses of an interface as Postfix names it. A name may be that of any.
fn named(host: &str) -> Vec<IpAddr> {
    match host.trim_matches(['[', ']']) {
        "loopback-only" | "localhost" => vec![IpAddr::from([127, 0, 0, 1])],
        plain => vec![plain.parse().unwrap_or(IpAddr::from([0, 0, 0, 0]))],
    }
}

pub(super) fn words(line: &str) -> Vec<&str> {
    line.split_ascii_whitespace().collect()
}

/// The items of a list, separated by commas and blanks outside of braces.
pub(super) fn items(list: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let separates = |c: char| {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        depth == 0 && (c == ',' || c.is_ascii_whitespace())
    };
    list.split(separates).filter(|it| !it.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn where_postfix_listens() {
        let filter = "127.0.0.1:10025 inet n - y - - smtpd -o x=y";
        for (services, interfaces, want) in [
            ("smtp inet n - y - - smtpd", "all", "0.0.0.0:25"),
            (
                "smtp inet n - y - 1 postscreen",
                "loopback-only",
                "127.0.0.1:25",
            ),
            (
                "smtp inet n - y - - smtpd",
                "127.0.0.1, [::1]",
                "127.0.0.1:25 [::1]:25",
            ),
            (
                "smtp inet n - y - - smtpd",
                "mail.example.org, localhost",
                "0.0.0.0:25 127.0.0.1:25",
            ),
            (
                "127.0.0.1:2525 inet n - y - - smtpd",
                "all",
                "127.0.0.1:2525",
            ),
            ("submission inet n - y - - smtpd", "all", ""),
            ("smtp unix - - y - - smtp", "all", ""),
        ] {
            let doors = doors(services, interfaces).0;
            let doors: Vec<String> = doors.iter().map(ToString::to_string).collect();
            assert_eq!(doors.join(" "), want, "{services}");
        }
        let both = format!("{filter}\nsmtp inet n - y - - smtpd\n");
        assert_eq!(
            doors(&both, "all"),
            doors("smtp inet n - y - - smtpd", "all")
        );
    }

    #[test]
    fn lists_are_split_outside_of_braces() {
        assert_eq!(items("a, b\tc"), ["a", "b", "c"]);
        let inline = "inline:{ {a = b, c}, d=e }";
        assert_eq!(items(&format!("x {inline},y")), ["x", inline, "y"]);
        assert_eq!(items(""), Vec::<&str>::new());
    }
}
