#!/usr/bin/python3 -I
"""Lines of the timeline for the commits of a repository that name a ticket as #12, and a job that fetches.

[module.git]
repository = "/srv/git/shop.git"     # readable by the desk's user, who has to own it if the job is to fetch
#url = "https://git.example.org/shop/commit/{}"     # where a commit can be looked at, if anywhere
"""

import json
import os
import re
import subprocess
import sys

# The last second that the desk knows, of the year 9999.
LAST = 253402207200

# The desk takes no line of more than 16 KiB, and a character may need 12 bytes in JSON.
LONGEST = 400

SETTINGS = ("repository", "url")

head = json.loads(sys.stdin.buffer.readline())
settings = head["settings"]


def finish(level, what, mend=None):
    """Says what the check found, and ends the program."""
    finding = {"level": level, "what": what, "mend": mend}
    mend = f"the settings are {', '.join(SETTINGS)}"
    odd = [{"level": "warn", "what": f"{key} is no setting", "mend": mend} for key in settings if key not in SETTINGS]
    print(json.dumps({"findings": [*odd, finding]}))
    sys.exit()


def bad(what, mend):
    """Ends the program, since it cannot work so."""
    if sys.argv[1] == "check":
        finish("bad", what, mend)
    sys.exit(what)


def git(*args):
    # The directory is named, and not looked for: what is looked for has to belong to the desk's user.
    checkout = os.path.join(settings["repository"], ".git")
    where = checkout if os.path.exists(checkout) else settings["repository"]
    try:
        os.stat(os.path.join(where, "HEAD"))
    except PermissionError:
        # Of such a one git says that it is none.
        bad(f"may not enter {where}", "the desk's user has to be allowed to read it")
    except OSError:
        pass
    command = ["git", "--git-dir", where, *args]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip()
        bad(f"git: {why or done.returncode}", "repository in [module.git] has to be one that the desk's user may read")
    return done.stdout.decode("utf-8", "replace")


def tickets(text):
    """The numbers of the tickets that a text names, each once."""
    numbers = [int(digits) for digits in re.findall(r"(?<![\w&])#([0-9]{1,9})\b", text)]
    return dict.fromkeys(number for number in numbers if number > 0)


for key, example in (("repository", "/srv/git/shop.git"), ("url", "https://git.example.org/shop/commit/{}")):
    if key in settings and not isinstance(settings[key], str):
        bad(f"{key} is {json.dumps(settings[key])}, and no text", f'write {key} = "{example}", or another one')
if "url" in settings and not re.fullmatch(r"https?://[^\s<>\"]+", settings["url"]):
    bad(f"url is {json.dumps(settings['url'])}, and no address", 'write url = "https://git.example.org/shop/commit/{}", or another one')
if "repository" not in settings:
    bad("repository is not set", 'write repository = "/srv/git/shop.git", or another one, below [module.git]')
if sys.argv[1] == "job":
    has_remote = bool(git("remote"))
    if has_remote:
        git("fetch", "--quiet", "--prune", "--all")
    print(json.dumps({"note": "fetched" if has_remote else "there is no remote, so nothing to fetch"}))
elif sys.argv[1] == "check":
    finish("ok", f"{git('rev-list', '--all', '--count').strip()} commits")
else:
    ticket = head.get("ticket")
    log = git("log", "--all", "--date-order", "-z", "-E", "--grep=#[0-9]+", "--format=%ct%x1f%H%x1f%an%x1f%s%x1f%b")
    commits = [commit.split("\x1f", 4) for commit in filter(None, log.split("\0"))]
    # A clock was wrong, or commits were rebased: one may be later than those that follow it. So git's order is not that of
    # the times, and its --since, which stops at the first that is too old, is not used: the desk leaves out the others.
    for at, name, author, subject, body in sorted(commits, key=lambda commit: -int(commit[0])):
        if int(at) > LAST:
            continue
        for number in tickets(f"{subject}\n{body}"):
            if ticket in (None, number):
                line = {"at": int(at), "kind": "commit", "ticket": number}
                line |= {"author": author[:LONGEST], "subject": subject[:LONGEST]}
                if "url" in settings:
                    line["url"] = settings["url"].replace("{}", name)
                print(json.dumps(line))
