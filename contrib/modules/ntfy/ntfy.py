#!/usr/bin/python3 -I
"""Posts each new ticket to a topic of an ntfy server, which shows it on a phone.

[module.ntfy]
url = "https://ntfy.sh"
topic = "a-name-that-nobody-guesses"
#token_file = "/etc/tickets/ntfy.token"     # if the server wants one
#priority = 3                               # 1 (silent) to 5 (rings)
"""

import json
import os
import sys
import urllib.request


def wrong(settings):
    """What is wrong with the settings, and what mends it; `None` if nothing is."""
    for key in ("url", "topic"):
        if key not in settings:
            return f"{key} is not set", f'write {key} = "..." into [module.ntfy]'
    priority = settings.get("priority", 3)
    if isinstance(priority, bool) or priority not in (1, 2, 3, 4, 5):
        return f"priority is {json.dumps(priority)}, and no number from 1 to 5", "write priority = 3 into [module.ntfy]"
    if not str(settings["url"]).startswith(("https://", "http://")):
        return f"url is {json.dumps(settings['url'])}", 'write it as "https://ntfy.sh" in [module.ntfy]'
    return None


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


def check(settings):
    why = wrong(settings)
    if why:
        return {"level": "bad", "what": why[0], "mend": why[1]}
    try:
        post(settings, "/v1/health", None)
    except (OSError, ValueError) as odd:
        return {"level": "bad", "what": f"the ntfy server does not answer: {odd}"}
    return {"level": "ok", "what": "the ntfy server answers"}


def tell(settings, event):
    why = wrong(settings)
    if why:
        sys.exit(f"{why[0]} in [module.ntfy]")
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
    try:
        post(settings, "/", message)
    except (OSError, ValueError) as odd:
        sys.exit(f"the ntfy server did not take it: {odd}")


head = json.loads(sys.stdin.buffer.readline())
if sys.argv[1] == "check":
    print(json.dumps({"findings": [check(head["settings"])]}))
else:
    tell(head["settings"], head["event"])
