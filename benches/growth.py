#!/usr/bin/env python3
"""How the time of commands grows with hostile mail when its size is doubled.

    benches/growth.py PROGRAM [SHAPE...]

Each shape is a mail, or a store, of four sizes, each twice the one before. Prints, for each command, the exponent
of the last two doublings together and the CPU seconds at the largest size, both less those of a small mail. 1 is
linear; what is above 1.15 is marked. Each time is the least of three. What takes less than 20 ms has no exponent.
"""
import math, os, resource, subprocess, sys, tempfile, time

KIB = int(os.environ.get("GROWTH_KIB", "2048"))  # The largest mail.
HEAD = "From: ann@example.com\nMessage-ID: <big@a>\n"
MIXED = HEAD + "Content-Type: multipart/mixed; boundary=x\n\n"

SHAPES = {}
for field in ("To", "Cc", "Reply-To", "From", "Sender"):
    SHAPES[f"{field}, a list"] = (HEAD + f"{field}: a@b", ",\n {n}@e.fr", "\n\nx\n")
    SHAPES[f"{field}, repeated"] = (HEAD, f"{field}: {{n}}@e.fr\n", "\nx\n")
    SHAPES[f"{field}, groups"] = (HEAD + f"{field}: ", "g{n}:a@b;,\n ", "\n\nx\n")
    SHAPES[f"{field}, comments"] = (HEAD + f"{field}: ", "(", "a@b\n\nx\n")
    SHAPES[f"{field}, quotes"] = (HEAD + f"{field}: ", '"a" ', "<a@b>\n\nx\n")
for field in ("References", "In-Reply-To"):
    SHAPES[f"{field}, a list"] = (HEAD + f"{field}:", "\n <{n}@e.fr>", "\n\nx\n")
    SHAPES[f"{field}, repeated"] = (HEAD, f"{field}: <{{n}}@e.fr>\n", "\nx\n")
    SHAPES[f"{field}, open"] = (HEAD + f"{field}: ", "<", "\n\nx\n")
for name, piece in (
    ("tags", "[issue{n}] "), ("encoded words", "=?utf-8?Q?=C3=BC?=\n "), ("open words", "=?utf-8?Q?"),
    ("Re:", "Re: "), ("brackets", "["), ("base64", "=?utf-8?B?w7w=?= "),
):
    SHAPES[f"Subject, {name}"] = (HEAD + "Subject: ", piece, "\n\nx\n")
for field in (
    "Received", "Delivered-To", "Return-Path", "Authentication-Results", "DKIM-Signature", "Subject", "Date",
    "Status", "Content-Type", "Auto-Submitted", "List-Id", "Precedence", "X",
):
    SHAPES[f"{field}, repeated"] = (HEAD, f"{field}: v{{n}}\n", "\nx\n")
for name, piece in (("parameters", "; p{n}=v"), ("continued", "; name*{n}*=a"), ("semicolons", ";"), ("quotes", '; a="')):
    SHAPES[f"Content-Type, {name}"] = (HEAD + "Content-Type: text/plain", piece, "\n\nx\n")
    SHAPES[f"Authentication-Results, {name}"] = (HEAD + "Authentication-Results: example.org", piece, "\n\nx\n")
for name, piece in (
    ("empty", "--x\n"), ("texts", "--x\n\na{n}\n"), ("files", "--x\nContent-Disposition: attachment; filename=f{n}\n\na\n"),
    ("nested", "--x\nContent-Type: multipart/mixed; boundary=x\n\n"), ("almost", "--xy\n"), ("ends", "--x--\n"),
    ("enclosed", "--x\nContent-Type: message/rfc822\n\nSubject: {n}\n\na\n"),
):
    SHAPES[f"parts, {name}"] = (MIXED, piece, "")
for kind, pieces in (
    ("plain", ("\n", "a\r\nb\n", "From \n", ">", "\0", "word{n} ", "> quoted\n", "http://a/ ")),
    ("html", ("<div>", "<p>a", "<td>", "&amp;", "<", "<!--", "<b><i>", "<blockquote>")),
):
    for piece in pieces:
        SHAPES[f"{kind}, {piece!r}"] = (HEAD + f"Content-Type: text/{kind}\n\n", piece, "\n")


def entries(store, size):
    """A ticket of many small messages."""
    with open(f"{store}/1", "a") as file:
        for n in range(size // 100):
            file.write(f"From a@b Sun Nov 22 10:00:00 2026\nFrom: p{n}@e.fr\nMessage-ID: <{n}@q>\n\nx\n\n")


def tickets(store, size):
    """Many small tickets."""
    for n in range(2, size // 512):
        with open(f"{store}/{n}", "w") as file:
            file.write(f"From a@b Sun Nov 22 10:00:00 2026\nFrom: p{n}@e.fr\nMessage-ID: <{n}@q>\n\nx\n\n")


def waiting(store, size):
    """Many answers that sendmail has not taken, and that are not due yet."""
    new = f"{store}/.tickets/outbox/new"
    for n in range(size // 512):
        with open(f"{new}/{int(time.time())}.1.{n:032x}.0.ack", "w") as file:
            file.write("X-Tickets-Recipients: a@b\n\nSubject: x\n\nx\n")


def answered(store, size):
    """Many answers to strangers within the hour."""
    with open(f"{store}/.tickets/answered", "a") as file:
        for n in range(size // 40):
            file.write(f"{int(time.time())} answer p{n}@e.fr\n")


STORES = {"store: messages of a ticket": entries, "store: tickets": tickets, "store: waiting answers": waiting,
          "store: counted answers": answered}


def mail(shape, size):
    if shape in STORES:
        shape, size = "X, repeated", 200
    head, piece, end = SHAPES[shape]
    out, length, n = [head], len(head), 0
    while length < size:
        more = piece.replace("{n}", format(n, "x"))
        out.append(more)
        length, n = length + len(more), n + 1
    return "".join(out + [end]).encode()


def cpu(command, env, stdin=b""):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, input=stdin, env=env, capture_output=True, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode not in (0, 1):
        print(f"  {command[1:]} ends with {ran.returncode}: {ran.stderr[:200]!r}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def times(program, shape, size):
    """The least CPU seconds of each command."""
    least = {}
    for _ in range(3):  # Other programs of the machine make some runs slower.
        with tempfile.TemporaryDirectory() as room:
            config = f"{room}/config.toml"
            with open(config, "w") as file:
                file.write(f'dir = "{room}/t"\ndomain = "example.org"\nadmins = "steve@example.org"\nsendmail = "/bin/true"\n')
            env = {"PATH": "/usr/bin:/bin", "HOME": room, "TICKETS_CONFIG": config}
            deliver = [program, "deliver", "-f", "a@b", "-r", "submit@example.org"]
            cpu(deliver, env, b"From: ann@example.com\nMessage-ID: <1@a>\n\nfirst\n")
            if shape in STORES:
                STORES[shape](f"{room}/t", size)
            to_1 = [*deliver[:-1], "ticket-1@example.org"]
            done = [*deliver[:-1], "ticket-1-done@example.org"]
            for name, command, stdin in (
                ("open", deliver, mail(shape, size)), ("update", to_1, mail(shape, size)),
                ("done", done, b"From: zz@b\nMessage-ID: <2@a>\n\nx\n"), ("show", [program, "show", "1"], b""),
                ("list", [program, "list"], b""), ("search", [program, "search", "word1"], b""),
                ("check", [program, "check", "--store"], b""),
            ):
                least[name] = min(least.get(name, math.inf), cpu(command, env, stdin))
    return least


def main():
    program, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    shapes = [shape for shape in [*SHAPES, *STORES] if not wanted or any(word in shape for word in wanted)]
    print(f"{len(shapes)} shapes, up to {KIB} KiB: exponent and seconds; * above 1.15")
    start = times(program, "X, repeated", 200)
    for shape in shapes:
        sizes = [times(program, shape, KIB * 1024 // part) for part in (8, 4, 2, 1)]
        cells = []
        for name in start:
            net = [max(least[name] - start[name], 0.0005) for least in sizes]
            exponent = math.log2(net[3] / net[1]) / 2
            cell = f"{name} {exponent:.2f} {net[3]:.2f}s" if net[3] > 0.02 else f"{name} - {net[3]:.2f}s"
            cells.append(cell + ("*" if net[3] > 0.02 and exponent > 1.15 else ""))
        print(f"{shape[:36]:<36}  " + "  ".join(cells), flush=True)


main()
