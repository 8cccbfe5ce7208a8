//! A name server that knows a few records, and that there are no others.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::site::Site;

/// Makes the site ask a name server of its own, which has these TXT records. It answers on an
/// address of the loopback network that no other test of this kind can have, until all end.
pub fn serve(site: &Site, records: &[(&str, &str)]) {
    static SERVED: AtomicU8 = AtomicU8::new(53);
    let [_, _, a, b] = std::process::id().to_be_bytes();
    let net = SERVED.fetch_add(1, Ordering::Relaxed);
    let address = format!("127.{net}.{a}.{}", b | 1);
    let socket = UdpSocket::bind((address.as_str(), 53)).expect("a name server's port");
    let data = |txt: &str| [&[txt.len() as u8], txt.as_bytes()].concat();
    let records = records.iter().map(|(name, txt)| (wire(name), data(txt)));
    let records: Vec<_> = records.collect();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((size, from)) = socket.recv_from(&mut buffer) {
            let reply = reply(&buffer[..size], &records);
            let _ = socket.send_to(&reply, from);
        }
    });
    let file = site.path("resolv.conf");
    fs::write(&file, format!("nameserver {address}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let file = file.to_string_lossy();
    let bound = site.inside(&["mount", "--bind", &file, "/etc/resolv.conf"]);
    let mut bound = bound;
    assert!(bound.status().unwrap().success());
}

/// A name as it stands in a packet (RFC 1035 3.1).
fn wire(name: &str) -> Vec<u8> {
    let labels = name
        .split('.')
        .map(|l| [&[l.len() as u8], l.as_bytes()].concat());
    [labels.collect::<Vec<_>>().concat(), vec![0]].concat()
}

/// RFC 1035 4.1: the record, or that the name does not exist.
fn reply(query: &[u8], records: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    const TXT: u16 = 16;
    let header = 12;
    let end = header + query[header..].iter().position(|&b| b == 0).unwrap() + 1;
    let question = &query[header..end + 4];
    let (asked, kind) = question.split_at(question.len() - 4);
    let mut records = records.iter();
    let known = records.find(|(name, _)| asked.eq_ignore_ascii_case(name));
    let known = known.filter(|_| kind.starts_with(&TXT.to_be_bytes()));
    let code: u8 = if known.is_some() { 0 } else { 3 };
    let mut reply = query[..2].to_vec();
    reply.extend([0x84, code, 0, 1, 0, u8::from(known.is_some()), 0, 0, 0, 0]);
    reply.extend(question);
    if let Some((_, data)) = known {
        // The name of the question, type, class IN, a minute.
        reply.extend([0xc0, 12, 0, TXT as u8, 0, 1, 0, 0, 0, 60]);
        reply.extend((data.len() as u16).to_be_bytes());
        reply.extend(data);
    }
    reply
}
