#!/usr/bin/env python3
"""How the time of commands grows with hostile mail when its size is doubled.

    benches/growth.py PROGRAM [SHAPE...]

Prints, for each shape and command, the exponent of one doubling and the CPU seconds at the larger
size. 1 is linear; what is above 1.15 is marked. Each time is the least of three.
"""
import math, os, resource, subprocess, sys, tempfile

KIB = int(os.environ.get("GROWTH_KIB", "512"))  # The larger of two mails; the other is half of it.
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


def mail(shape, size):
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
    for _ in range(3):
        with tempfile.TemporaryDirectory() as room:
            config = f"{room}/config.toml"
            with open(config, "w") as file:
                file.write(f'dir = "{room}/t"\ndomain = "example.org"\nadmins = "steve@example.org"\nsendmail = "/bin/true"\n')
            env = {"PATH": "/usr/bin:/bin", "HOME": room, "TICKETS_CONFIG": config}
            deliver = [program, "deliver", "-f", "a@b", "-r", "submit@example.org"]
            cpu(deliver, env, b"From: ann@example.com\nMessage-ID: <1@a>\n\nfirst\n")
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
    shapes = [shape for shape in SHAPES if not wanted or any(word in shape for word in wanted)]
    print(f"{len(shapes)} shapes, up to {KIB} KiB: exponent and seconds; * above 1.15")
    for shape in shapes:
        half, whole = (times(program, shape, KIB * 1024 // part) for part in (2, 1))
        cells = []
        for name, seconds in whole.items():
            # What takes a few milliseconds is the start of the program.
            exponent = math.log2(seconds / max(half[name], 0.001)) if seconds > 0.02 else 0
            cells.append(f"{name} {exponent:.2f} {seconds:.2f}s{'*' if exponent > 1.15 else ''}")
        print(f"{shape[:36]:<36}  " + "  ".join(cells), flush=True)


main()
