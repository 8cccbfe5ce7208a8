#!/usr/bin/python3 -I
"""Posts each new ticket to a topic of an ntfy server, which shows it on a phone.

[module.ntfy]
url = "https://ntfy.sh"
topic = "a-name-that-nobody-guesses"
#token_file = "/etc/tickets/ntfy.token"     # if the server wants one
#priority = 3                               # 1 (silent) to 5 (rings)
"""

import http.client
import json
import os
import re
import sys
import urllib.error
import urllib.request

SETTINGS = ("url", "topic", "token_file", "priority")


class Wrong(Exception):
    """What is wrong, and what mends it."""


def expect_sense(settings):
    """Says no to settings with which nothing can be sent."""
    for key in ("url", "topic"):
        if key not in settings:
            raise Wrong(f"{key} is not set", f'write {key} = "..." into [module.ntfy]')
    for key, wanted, example in (
        ("url", r"https?://.*", "an address such as https://ntfy.sh"),
        ("topic", r"[-_A-Za-z0-9]{1,64}", "1 to 64 of a-z, A-Z, 0-9, - and _"),
        ("token_file", r".+", "the path of a file"),
    ):
        value = settings.get(key)
        if key in settings and not (isinstance(value, str) and re.fullmatch(wanted, value)):
            raise Wrong(f"{key} is {json.dumps(value)}, and not {example}", "write it so in [module.ntfy]")
    priority = settings.get("priority", 3)
    if isinstance(priority, bool) or priority not in (1, 2, 3, 4, 5):
        raise Wrong(f"priority is {json.dumps(priority)}, and no number from 1 to 5", "write priority = 3 into [module.ntfy]")


def token(path):
    try:
        with open(path, encoding="ascii") as file:
            words = file.read().split()
    except (OSError, ValueError) as odd:
        raise Wrong(f"cannot read token_file: {odd}", "the desk's user has to be allowed to read that file") from odd
    if len(words) != 1:
        raise Wrong(f"token_file holds no token: {json.dumps(path)}", "write the token into that file, and nothing else")
    return words[0]


def post(settings, path, message):
    """Sends a message. Whatever the server refuses is tried again later, as mail is."""
    headers = {"Content-Type": "application/json"}
    if "token_file" in settings:
        headers["Authorization"] = "Bearer " + token(settings["token_file"])
    body = None if message is None else json.dumps(message).encode()
    try:
        request = urllib.request.Request(settings["url"].rstrip("/") + path, body, headers)
        with urllib.request.urlopen(request, timeout=15) as answer:
            answer.read()
    except urllib.error.HTTPError as odd:
        mend = "url in [module.ntfy] has to be that of an ntfy server"
        if odd.code in (401, 403):
            mend = "token_file in [module.ntfy] has to hold a token that the server knows"
        raise Wrong(f"the ntfy server answers {odd.code} {odd.reason}", mend) from odd
    except (OSError, ValueError, http.client.HTTPException) as odd:
        why = getattr(odd, "reason", odd)
        raise Wrong(f"the ntfy server does not answer: {why}", "is url right in [module.ntfy], and does the server run?") from odd


def check(settings):
    found = [
        {"level": "warn", "what": f"{key} is no setting", "mend": f"the settings are {', '.join(SETTINGS)}"}
        for key in settings
        if key not in SETTINGS
    ]
    try:
        expect_sense(settings)
        post(settings, "/v1/health", None)
    except Wrong as why:
        return found + [{"level": "bad", "what": why.args[0], "mend": why.args[1]}]
    return found + [{"level": "ok", "what": "the ntfy server answers"}]


def tell(settings, event):
    expect_sense(settings)
    # A machine's mail rings nobody out of bed, and of what is quiet nobody is to be told.
    if event.get("automatic") or event.get("quiet"):
        return
    author = event.get("author") or {}
    message = {
        "topic": settings["topic"],
        "title": f"#{event['ticket']} {event['kind']}",
        "message": f"{author.get('name') or author.get('address', 'somebody')}: {event.get('subject', '')}",
        "priority": settings.get("priority", 3),
    }
    if "TICKETS_TRIAL" in os.environ:
        print(f"a trial, so this is not sent: {json.dumps(message)}", file=sys.stderr)
        return
    post(settings, "/", message)


head = json.loads(sys.stdin.buffer.readline())
if sys.argv[1] == "check":
    print(json.dumps({"findings": check(head["settings"])}))
else:
    try:
        tell(head["settings"], head["event"])
    except Wrong as wrong:
        sys.exit(wrong.args[0])
