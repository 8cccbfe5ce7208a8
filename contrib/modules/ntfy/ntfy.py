#!/usr/bin/python3 -I
"""Posts each new ticket to a topic of an ntfy server, which shows it on a phone.

[module.ntfy]
url = "https://ntfy.sh"
topic = "a-name-that-nobody-guesses"
token_file = "/etc/tickets/ntfy.token"     if the server wants one
priority = 3                               1 (silent) to 5 (rings)
"""

import json
import sys
import urllib.request


def post(settings, path, message):
    """Sends a message. Whatever the server refuses is tried again later, as mail is."""
    url = settings["url"].rstrip("/") + path
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"})
    if "token_file" in settings:
        with open(settings["token_file"], encoding="ascii") as token:
            request.add_header("Authorization", "Bearer " + token.read().strip())
    body = None if message is None else json.dumps(message).encode()
    with urllib.request.urlopen(request, body, timeout=15) as answer:
        answer.read()


head = json.loads(sys.stdin.buffer.readline())
settings = head["settings"]
missing = [key for key in ("url", "topic") if key not in settings]

if sys.argv[1] == "check":
    finding = {"level": "ok", "what": "the ntfy server answers"}
    if missing:
        mend = f"write {missing[0]} = \"...\" into [module.ntfy]"
        finding = {"level": "bad", "what": f"{missing[0]} is not set", "mend": mend}
    else:
        try:
            post(settings, "/v1/health", None)
        except OSError as why:
            finding = {"level": "bad", "what": f"the ntfy server does not answer: {why}"}
    print(json.dumps({"findings": [finding]}))
elif missing:
    sys.exit(f"{missing[0]} is not set in [module.ntfy]")
else:
    event = head["event"]
    # A machine's mail rings nobody out of bed, nor does what nobody is to be told of, such as spam.
    if not event.get("automatic") and not event.get("quiet"):
        author = event.get("author") or {}
        message = {
            "topic": settings["topic"],
            "title": f"#{event['ticket']} {event['kind']}",
            "message": f"{author.get('name') or author.get('address', 'somebody')}: {event.get('subject', '')}",
            "priority": settings.get("priority", 3),
        }
        try:
            post(settings, "/", message)
        except OSError as why:
            sys.exit(f"the ntfy server did not take it: {why}")
