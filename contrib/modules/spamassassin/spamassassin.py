#!/usr/bin/python3 -I
"""Asks spamd, the daemon of SpamAssassin, about every mail that would open a ticket.

[module.spamassassin]
host = "127.0.0.1"    where spamd listens
port = 783
quarantine = 8.0      from this score on, a mail goes to quarantine
quiet = 5.0           from this score on, it opens a ticket, but is not acknowledged

`tickets spam 12 13` needs a spamd that was started with --allow-tell.
"""

import json
import mailbox
import os
import re
import socket
import subprocess
import sys


def spamd(settings, method, mail, *fields):
    """Gives a mail to spamd; the fields of its answer."""
    address = settings.get("host", "127.0.0.1"), int(settings.get("port", 783))
    lines = [f"{method} SPAMC/1.5", f"Content-length: {len(mail)}", *fields, "", ""]
    with socket.create_connection(address, timeout=9) as server:
        server.sendall("\r\n".join(lines).encode() + mail)
        server.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: server.recv(65536), b""))
    first, *rest = answer.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace").split("\r\n")
    if not re.match(r"SPAMD/\S+ 0 ", first):
        sys.exit(f"spamd says: {first}")
    return dict(line.split(": ", 1) for line in rest if ": " in line)


def judge():
    head = json.loads(sys.stdin.buffer.readline())
    if not any("new" in route for route in head["route"]):
        return {}
    settings = head["settings"]
    answer = spamd(settings, "CHECK", sys.stdin.buffer.read())
    score = float(re.search(r"-?[\d.]+", answer["Spam"].split(";")[1])[0])
    if score >= settings.get("quarantine", 8.0):
        return {"go": "quarantine", "reason": "SpamAssassin takes it for spam", "score": score}
    if score >= settings.get("quiet", 5.0):
        return {"go": "quiet", "note": "SpamAssassin takes it for spam", "score": score}
    return {"go": "on", "score": score}


def teach(numbers):
    settings = json.loads(os.environ["TICKETS_SETTINGS"])
    if not numbers or not all(number.isdecimal() for number in numbers):
        sys.exit("usage: tickets spam TICKET...")
    for number in numbers:
        path = os.path.join(os.environ["TICKETS_DIR"], number)
        if not os.path.exists(path):
            sys.exit(f"no open ticket {number}")
        # Only what a stranger wrote first; our own trace fields would teach it about us.
        mail = mailbox.mbox(path, create=False).get_bytes(0)
        mail = re.sub(rb"(?im)^X-Tickets-[^\n]*\n([ \t][^\n]*\n)*", b"", mail)
        answer = spamd(settings, "TELL", mail, "Message-class: spam", "Set: local")
        done = "learned" if "local" in answer.get("DidSet", "") else "known already"
        print(f"{number}: {done}", flush=True)
    subprocess.run([os.environ["TICKETS_BIN"], "close", "--quiet", *numbers], check=True)


def check():
    settings = json.loads(sys.stdin.buffer.readline())["settings"]
    try:
        spamd(settings, "CHECK", b"Subject: test\n\ntest\n")
    except OSError as why:
        mend = "sudo systemctl start spamd, or set host and port in [module.spamassassin]"
        return {"findings": [{"level": "bad", "what": f"spamd does not answer: {why}", "mend": mend}]}
    return {"findings": [{"level": "ok", "what": "spamd answers"}]}


if sys.argv[1] == "command":
    teach(sys.argv[3:])
else:
    try:
        print(json.dumps({"filter": judge, "check": check}[sys.argv[1]]()))
    except OSError as why:
        sys.exit(f"spamd does not answer: {why}")
