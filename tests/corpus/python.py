"""Reads mails as Python's `email` package does, for tests/python.rs.

Standard input: for each mail its length in a line, and its bytes. Standard output: for each mail an
object of JSON in a line, with two readings of each value: that of `policy.default`, and that of
`policy.compat32` with `email.header.decode_header` and `email.utils.getaddresses`. A reading that
Python fails to give is left out. It is not asked about fields beyond 64 kB: its time is quadratic, and
we read no further.
"""

import email
import json
import signal
import sys
from email import policy
from email.parser import BytesHeaderParser
from email.header import decode_header, make_header
from email.utils import getaddresses

LARGE = 1 << 16
# As in tests/python.rs.
MOST_PARTS = 10


def late(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, late)


def large(mail, name):
    return sum(len(value) for value in compat_field(mail, name)) > LARGE


def text(value):
    """A string without the surrogates that stand for bytes beyond ASCII."""
    value = str(value).encode("utf-8", "surrogateescape")
    return value.decode("utf-8", "replace")


def reading(function):
    signal.alarm(120)
    try:
        return [function()]
    except BaseException as e:
        if isinstance(e, KeyboardInterrupt):
            raise
        return []
    finally:
        signal.alarm(0)


def decoded(value):
    value = value.replace("\r", "").replace("\n", "")
    return text(make_header(decode_header(value)))


def compat_field(mail, name):
    """The bytes of a field as the parser keeps them."""
    return [value for key, value in mail.raw_items() if key.lower() == name]


def compat_people(mail, name):
    fields = [v.replace("\r", "").replace("\n", "") for v in compat_field(mail, name)]
    return [[decoded(n), text(a)] for n, a in getaddresses([text(f) for f in fields])]


def people(mail, name):
    fields = mail.get_all(name, [])
    return [[text(a.display_name), text(a.addr_spec)] for f in fields for a in f.addresses]


def leaves(mail, enclosed):
    if mail.get_content_maintype() == "message" and not enclosed:
        yield mail
    elif mail.is_multipart():
        for part in mail.get_payload():
            yield from leaves(part, enclosed)
    else:
        yield mail


def names(mail, decode, enclosed=False):
    found = []
    for part in list(leaves(mail, enclosed))[:MOST_PARTS]:
        name = part.get_filename()
        if name:
            found.append([decode(name), part.get_content_type()])
    return found


def parsed(raw, policy):
    """The mail, or its header alone if Python cannot parse the whole, for instance for its depth."""
    whole = reading(lambda: email.message_from_bytes(raw, policy=policy))
    return whole[0] if whole else BytesHeaderParser(policy=policy).parsebytes(raw)


def read(raw):
    old = parsed(raw, policy.compat32)
    values = {"Subject": [], "From": [], "To": [], "Cc": []}
    values["names"] = reading(lambda: names(old, decoded)) + reading(lambda: names(old, decoded, True))
    new = None
    if raw.find(b"\n\n", 0, LARGE) + raw.find(b"\n\r\n", 0, LARGE) > -2 or len(raw) < LARGE:
        new = parsed(raw, policy.default)
        values["names"] += reading(lambda: names(new, text)) + reading(lambda: names(new, text, True))
    for name in values:
        if name == "names" or large(old, name.lower()):
            continue
        if name == "Subject":
            values[name] += reading(lambda: decoded((compat_field(old, "subject") + [""])[0]))
            values[name] += reading(lambda: text(new["subject"] or "")) if new else []
        else:
            values[name] += reading(lambda: compat_people(old, name.lower()))
            values[name] += reading(lambda: people(new, name)) if new else []
    return values


stdin = sys.stdin.buffer
print(json.dumps({"python": "%d.%d" % sys.version_info[:2]}))
while line := stdin.readline():
    print(json.dumps(read(stdin.read(int(line)))), flush=True)
