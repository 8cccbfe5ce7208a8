//! `tickets ping`: time passes when somebody asks for it over HTTP (I2).

use super::{due, history};
use crate::bench::{Bench, binary};
use crate::manager::shelf::set_mode;
use crate::until::{started, until};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A desk that listens, until this is dropped.
struct Listening {
    child: Child,
    address: String,
}

impl Listening {
    fn on(bench: &Bench) -> Listening {
        Listening::as_program(bench, binary())
    }

    /// The same with another file of the program.
    fn as_program(bench: &Bench, program: &Path) -> Listening {
        let mut command = Command::new(program);
        bench.as_ordinary_user(&mut command);
        command
            .args(["ping", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = started(&mut command);
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        Listening {
            address: address.strip_suffix("/ping").unwrap().to_owned(),
            child,
        }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// Status and body of the answer.
    fn ask(&self, request: &str) -> (String, String) {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        (status.to_owned(), body.to_owned())
    }

    fn ping(&self) -> String {
        let (status, body) =
            self.ask("POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
        assert_eq!(status, "202");
        body
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// I2
#[test]
fn a_ping_starts_a_tick_and_a_burst_is_one() {
    let bench = due("", &["flush"]);
    let desk = Listening::on(&bench);
    // Whoever asks wrongly is told so: curl shows the body and not the status.
    let refused = |request: &str, status: &str, why: &str| {
        let want = (status.to_owned(), format!("{{\"error\":\"{why}\"}}\n"));
        assert_eq!(desk.ask(&format!("{request} HTTP/1.1\r\n\r\n")), want);
    };
    refused("GET /ping", "405", "ask with POST: curl -X POST");
    refused("POST /x", "404", "there is only /ping");
    refused("POST /ping now", "400", "this is no request of HTTP/1.1");
    // To this no body may be given (RFC 9110).
    assert_eq!(
        desk.ask("HEAD /ping HTTP/1.1\r\n\r\n"),
        ("405".to_owned(), String::new())
    );
    for odd in ["localhost:8025", "8025"] {
        let said = format!(
            "tickets: invalid value '{odd}' for '--listen <ADDRESS:PORT>': expected an address in digits and a port, \
             such as 127.0.0.1:8025 or [::1]:8025\nhint: `tickets ping --help` shows its options\n"
        );
        bench.run(&["ping", "--listen", odd], b"").is(64, "", &said);
    }
    assert_eq!(history(&bench, "flush"), [""; 0]);
    assert_eq!(desk.ping(), "{\"tick\":\"started\"}\n");
    for _ in 0..20 {
        assert_eq!(desk.ping(), "{\"tick\":\"recent\"}\n");
    }
    until("the ping flushes", || !history(&bench, "flush").is_empty());
    assert_eq!(history(&bench, "flush"), ["ok: 0 sent, 0 waiting"]);
}

// I2: after an upgrade
#[test]
fn a_ping_starts_the_program_that_lies_there_now() {
    let bench = due("", &[]);
    let program = bench.copy_program("program");
    let desk = Listening::as_program(&bench, &program);
    // The new one says how it was started.
    let script = b"#!/bin/sh\ncd \"${0%/*}\"\necho \"$*\" >said.tmp\nmv said.tmp said\n";
    bench.put("new", script);
    set_mode(&bench.path("new"), 0o755);
    std::fs::rename(bench.path("new"), &program).unwrap();
    assert_eq!(desk.ping(), "{\"tick\":\"started\"}\n");
    until("the new program runs", || bench.path("said").exists());
    let config = bench.path("config.toml");
    assert_eq!(
        std::fs::read_to_string(bench.path("said")).unwrap(),
        format!("--config {} tick --detached\n", config.display())
    );
}

// I2, T22
#[test]
fn who_asks_slowly_or_badly_holds_up_nobody() {
    let bench = due("", &[]);
    let desk = Listening::on(&bench);
    let slow: Vec<TcpStream> = (0..200)
        .map(|n| {
            let mut stream = desk.connect();
            let _ = stream.write_all(match n % 3 {
                0 => b"",
                1 => b"POST /ping HTTP/1.1\r\nX",
                _ => b"\x16\x03\x01\x02\x00",
            });
            stream
        })
        .collect();
    assert_eq!(desk.ping(), "{\"tick\":\"started\"}\n");
    let many = "x".repeat(100_000);
    let mut stream = desk.connect();
    let _ = stream.write_all(format!("POST /ping HTTP/1.1\r\nX: {many}\r\n\r\n").as_bytes());
    drop(stream);
    assert_eq!(desk.ping(), "{\"tick\":\"recent\"}\n");
    drop(slow);
}

// I2
#[test]
fn others_than_this_machine_have_to_know_a_secret() {
    let bench = due("", &[]);
    bench.run(&["ping", "--listen", "0.0.0.0:0"], b"").is(
        78,
        "",
        "tickets: anybody could ask on 0.0.0.0:0: there is no ping_token_file\n\
         hint: name a file with a secret in the configuration, or listen on 127.0.0.1\n",
    );
    let file = bench.path("token");
    bench.configure(&format!("ping_token_file = {file:?}\n"));
    let wrong = |why: &str| {
        let said = format!(
            "tickets: ping_token_file: cannot use {}: {why}\n",
            file.display()
        );
        bench.run(&["ping"], b"").is(78, "", &said);
    };
    wrong("No such file or directory (os error 2)");
    bench.put("token", b"\n");
    wrong("it is empty");
    bench.put("token", b"two words\n");
    wrong("it holds more than one word of ASCII");
    bench.put("token", b"s3cret\n");
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o606);
    bench.run(&["ping"], b"").is(
        78,
        "",
        &format!(
            "tickets: ping_token_file: cannot use {0}: others may write to it\n\
             hint: `chmod o-rw {0}`\n",
            file.display()
        ),
    );
    // What they may read is taken, as containers hand it out, but not without a word.
    for (others, said) in [
        (
            0o644,
            format!(
                "tickets: others may read {0}: `chmod o-r {0}`\n",
                file.display()
            ),
        ),
        (0o660, String::new()),
    ] {
        mode(others);
        let mut desk = Listening::on(&bench);
        desk.child.kill().unwrap();
        let mut text = String::new();
        let mut errors = desk.child.stderr.take().unwrap();
        errors.read_to_string(&mut text).unwrap();
        assert_eq!(text, said);
    }
    let desk = Listening::on(&bench);
    let refused = "{\"error\":\"the secret is wrong or missing: Authorization: Bearer SECRET\"}\n";
    assert_eq!(
        desk.ask("POST /ping HTTP/1.1\r\n\r\n"),
        ("401".to_owned(), refused.to_owned())
    );
    let request = "POST /ping HTTP/1.1\r\nAuthorization: Bearer s3cret\r\n\r\n";
    let (status, body) = desk.ask(request);
    assert_eq!(
        (status.as_str(), body.as_str()),
        ("202", "{\"tick\":\"started\"}\n")
    );
    // One that is replaced holds no longer, and where there is none nobody knows it.
    fs::rename(&file, bench.path("old")).unwrap();
    for asked in [request, "POST /ping HTTP/1.1\r\n\r\n"] {
        let (status, body) = desk.ask(asked);
        let answered = (status.as_str(), body.as_str());
        assert_eq!(answered, ("503", "{\"tick\":\"failed\"}\n"), "{asked}");
    }
    bench.put("token", b"0ther\n");
    mode(0o660);
    assert_eq!(desk.ask(request).0, "401");
    let (status, body) = desk.ask(&request.replace("s3cret", "0ther"));
    let answered = (status.as_str(), body.as_str());
    assert_eq!(answered, ("202", "{\"tick\":\"recent\"}\n"));
    let mut desk = desk;
    desk.child.kill().unwrap();
    let mut text = String::new();
    let mut errors = desk.child.stderr.take().unwrap();
    errors.read_to_string(&mut text).unwrap();
    let said = format!(
        "tickets: ping_token_file: cannot use {}: No such file or directory (os error 2)\n",
        file.display()
    );
    assert_eq!(text, said);
}
