//! Where Exim listens.

use crate::commands::check::way::Doors;
use std::net::{IpAddr, SocketAddr};

/// Where Exim listens, of what `-bP` says.
pub(super) fn doors(asked: &str) -> Doors {
    let value = |name: &str| {
        let mut lines = asked.lines();
        let value = lines.find_map(|it| it.strip_prefix(name)?.trim_start().strip_prefix('='));
        value.unwrap_or_default().trim().to_owned()
    };
    let list = |text: &str| -> Vec<String> {
        let (by, text) = match text.strip_prefix('<').and_then(|it| it.chars().next()) {
            Some(by) => (by, text.get(1 + by.len_utf8()..).unwrap_or_default()),
            None => (':', text),
        };
        // A separator that is doubled belongs to the word.
        let doubled = [by, by].iter().collect::<String>();
        let words = text.replace(&doubled, "\n");
        let words = words.split(by).map(|it| it.replace('\n', &by.to_string()));
        let words = words.map(|it| it.trim().to_owned());
        words.filter(|it| !it.is_empty()).collect()
    };
    let port = |word: &str| match word {
        "smtp" => Some(25),
        number => number.parse().ok(),
    };
    let ports: Vec<u16> = list(&value("daemon_smtp_ports"))
        .iter()
        .filter_map(|it| port(it))
        .collect();
    let mut hosts = list(&value("local_interfaces"));
    if hosts.is_empty() {
        hosts = vec!["0.0.0.0".into(), "::".into()];
    }
    let with_ports = |host: &String| -> Vec<SocketAddr> {
        if let Ok(door) = host.parse::<SocketAddr>() {
            return vec![door];
        }
        let plain = host.trim_matches(['[', ']']);
        if let Ok(ip) = plain.parse::<IpAddr>() {
            return ports
                .iter()
                .map(|port| SocketAddr::from((ip, *port)))
                .collect();
        }
        // 127.0.0.1.2525
        let door = plain.rsplit_once('.').and_then(|(ip, port)| {
            Some(SocketAddr::from((
                ip.parse::<IpAddr>().ok()?,
                port.parse().ok()?,
            )))
        });
        door.into_iter().collect()
    };
    Doors(hosts.iter().flat_map(with_ports).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    // E3
    #[test]
    fn where_exim_listens() {
        for (interfaces, ports, want) in [
            ("", "smtp", "0.0.0.0:25 [::]:25"),
            ("<; 127.0.0.1 ; ::1", "smtp", "127.0.0.1:25 [::1]:25"),
            ("127.0.0.1.2525", "smtp", "127.0.0.1:2525"),
            (
                "127.0.0.1 : ::::1",
                "25:587",
                "127.0.0.1:25 127.0.0.1:587 [::1]:25 [::1]:587",
            ),
            (
                "<; [::0]:26; 192.0.2.7",
                "<, 25, 465",
                "[::]:26 192.0.2.7:25 192.0.2.7:465",
            ),
            ("nonsense", "smtp", ""),
        ] {
            let said = format!("local_interfaces = {interfaces}\ndaemon_smtp_ports = {ports}\n");
            let doors = doors(&said).0;
            let doors: Vec<String> = doors.iter().map(ToString::to_string).collect();
            assert_eq!(doors.join(" "), want, "{interfaces}");
        }
    }
}
