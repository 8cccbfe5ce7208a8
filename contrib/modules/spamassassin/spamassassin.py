#!/usr/bin/python3 -I
"""Asks spamd, the daemon of SpamAssassin, about every mail that would open a ticket.

[module.spamassassin]
host = "127.0.0.1"      # where spamd listens
port = 783
quarantine = 8.0        # from this score on, a mail goes to quarantine
quiet = 5.0             # from this score on, it opens a ticket, but nobody is notified or answered
max_size = "500 KiB"    # what is larger is not asked about, and goes on, as with spamc

`tickets spam 12 13` needs a spamd that was started with --allow-tell, and on Debian with -u debian-spamd.
"""

import json
import mailbox
import os
import re
import socket
import subprocess
import sys

DEFAULTS = {"host": "127.0.0.1", "port": 783, "quarantine": 8.0, "quiet": 5.0, "max_size": "500 KiB"}
IS_SPAM = ("Message-class: spam", "Set: local")
UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "KB": 10**3, "MB": 10**6}


class WrongSetting(Exception):
    """A setting is not what it has to be."""


def checked(given):
    """The settings, with a default for each that is missing."""
    settings = {**DEFAULTS, **given}
    for key, kinds, wanted in (
        ("host", str, 'a name, such as "127.0.0.1"'),
        ("port", int, "a number, such as 783"),
        ("quarantine", (int, float), "a number, such as 8.0"),
        ("quiet", (int, float), "a number, such as 5.0"),
    ):
        value = settings[key]
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise WrongSetting(f"{key} is {json.dumps(value)}, and not {wanted}")
    if not 0 < settings["port"] < 65536:
        raise WrongSetting(f"port is {settings['port']}, and not a number, such as 783")
    size = re.fullmatch(r"(\d+) ?([A-Z]*)", str(settings["max_size"]).upper())
    if not size or size[2] not in UNITS:
        raise WrongSetting(f'max_size is {json.dumps(settings["max_size"])}, and not a size, such as "500 KiB"')
    settings["max_size"] = int(size[1]) * UNITS[size[2]]
    return settings


def spamd(settings, method, mail, *fields):
    """Gives a mail to spamd; the fields of its answer."""
    lines = [f"{method} SPAMC/1.5", f"Content-length: {len(mail)}", *fields, "", ""]
    with socket.create_connection((settings["host"], settings["port"]), timeout=9) as server:
        server.sendall("\r\n".join(lines).encode() + mail)
        server.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: server.recv(65536), b""))
    first, *rest = answer.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace").split("\r\n")
    if not re.match(r"SPAMD/\S+ 0 ", first):
        may_not = method == "TELL" and "tell" in first.lower()
        hint = "\nhint: on Debian, add --allow-tell -u debian-spamd to OPTIONS in /etc/default/spamd, and restart spamd" if may_not else ""
        sys.exit(f"spamd says: {first}{hint}")
    return dict(line.split(": ", 1) for line in rest if ": " in line)


def judge():
    head = json.loads(sys.stdin.buffer.readline())
    settings = checked(head["settings"])
    if not any("new" in route for route in head["route"]) or head["size"] > settings["max_size"]:
        return {}
    answer = spamd(settings, "CHECK", sys.stdin.buffer.read())
    score = float(re.search(r"-?[\d.]+", answer["Spam"].split(";")[1])[0])
    if score >= settings["quarantine"]:
        return {"go": "quarantine", "reason": "SpamAssassin takes it for spam", "score": score}
    if score >= settings["quiet"]:
        return {"go": "quiet", "note": "SpamAssassin takes it for spam", "score": score}
    return {"go": "on", "score": score}


def learn(settings, number):
    """Gives spamd the first message of a ticket; what came of it."""
    path = os.path.join(os.environ["TICKETS_DIR"], number)
    if not os.path.exists(path):
        sys.exit(f"no open ticket {number}")
    # Only what a stranger wrote first; our own trace fields would teach it about us.
    mail = mailbox.mbox(path, create=False).get_bytes(0)
    mail = re.sub(rb"(?im)^X-Tickets-[^\n]*\n([ \t][^\n]*\n)*", b"", mail)
    if len(mail) > settings["max_size"]:
        return "not learned, since it is larger than max_size"
    if "TICKETS_TRIAL" in os.environ:
        return "would be learned and closed"
    if "DidSet" in spamd(settings, "TELL", mail, *IS_SPAM):
        return "learned"
    # It gives one answer for what it knows already and for what it cannot keep. But only what it knows can be forgotten.
    if "DidRemove" in spamd(settings, "TELL", mail, "Remove: local"):
        if "DidSet" in spamd(settings, "TELL", mail, *IS_SPAM):
            return "known already"
    sys.exit(
        f"{number}: spamd learned nothing, so no ticket is closed: it cannot write where it keeps what it learns (its log says"
        " why), or it does not use Bayes\nhint: on Debian, add -u debian-spamd to OPTIONS in /etc/default/spamd, and restart spamd"
    )


def teach(numbers):
    settings = checked(json.loads(os.environ["TICKETS_SETTINGS"]))
    if numbers in (["-h"], ["--help"]):
        print("usage: tickets spam TICKET...\nTeaches SpamAssassin that these tickets are spam, and closes them quietly.")
        return
    if not numbers or not all(number.isdecimal() for number in numbers):
        sys.exit("usage: tickets spam TICKET...")
    for number in numbers:
        print(f"{number}: {learn(settings, number)}", flush=True)
    if "TICKETS_TRIAL" not in os.environ:
        subprocess.run([os.environ["TICKETS_BIN"], "close", "--quiet", *numbers], check=True)


def odd(given, settings):
    """What is no mistake, and yet not what somebody can have meant."""
    mend = f"the settings are {', '.join(DEFAULTS)}"
    found = [(f"{key} is no setting", mend) for key in given if key not in DEFAULTS]
    quiet, quarantine = settings["quiet"], settings["quarantine"]
    if quiet > quarantine:
        what = f"quiet is {quiet} and quarantine {quarantine}, so that no mail is only quiet"
        found.append((what, "set quiet below quarantine"))
    return [{"level": "warn", "what": what, "mend": mend} for what, mend in found]


def check():
    given, found = json.loads(sys.stdin.buffer.readline())["settings"], []
    try:
        settings = checked(given)
        found = odd(given, settings)
        spamd(settings, "CHECK", b"Subject: test\n\ntest\n")
        found.append({"level": "ok", "what": "spamd answers"})
    except WrongSetting as why:
        found.append({"level": "bad", "what": str(why), "mend": "write it so in [module.spamassassin]"})
    except OSError as why:
        mend = "sudo apt install spamd; sudo systemctl enable --now spamd; or set host and port in [module.spamassassin]"
        found.append({"level": "bad", "what": f"spamd does not answer: {why}", "mend": mend})
    return {"findings": found}


try:
    if sys.argv[1] == "command":
        teach(sys.argv[3:])
    else:
        print(json.dumps({"filter": judge, "check": check}[sys.argv[1]]()))
except WrongSetting as why:
    sys.exit(str(why))
except OSError as why:
    sys.exit(f"spamd does not answer: {why}")
