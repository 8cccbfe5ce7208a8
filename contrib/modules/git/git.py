#!/usr/bin/python3 -I
"""Lines of the timeline for the commits of a repository that name a ticket as #12, and a job that fetches.

[module.git]
repository = "/srv/git/shop.git"     readable by the desk's user; to fetch, it has to own it
url = "https://git.example.org/shop/commit/{}"     where a commit can be looked at, if anywhere
"""

import json
import re
import subprocess
import sys

# The last second that the desk knows, of the year 9999, and the most characters of what a committer wrote.
LAST = 253402207200
LONGEST = 500

head = json.loads(sys.stdin.buffer.readline())
settings = head["settings"]


def git(*args):
    command = ["git", "--git-dir", settings["repository"], *args]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode("utf-8", "replace").strip() or "git failed")
    return done.stdout.decode("utf-8", "replace")


if "repository" not in settings:
    if sys.argv[1] == "check":
        mend = 'write repository = "/srv/git/shop.git", or another one, below [module.git]'
        print(json.dumps({"findings": [{"level": "bad", "what": "repository is not set", "mend": mend}]}))
        sys.exit()
    sys.exit("repository is not set in [module.git]")
if sys.argv[1] == "job":
    git("fetch", "--quiet", "--prune", "--all")
    print(json.dumps({"note": "fetched"}))
elif sys.argv[1] == "check":
    print(json.dumps({"findings": [{"level": "ok", "what": f"{git('rev-list', '--all', '--count').strip()} commits"}]}))
else:
    ticket = head.get("ticket")
    log = git("log", "--all", "--date-order", "-z", "-E", "--grep=#[0-9]+", "--format=%ct%x1f%H%x1f%an%x1f%s%x1f%b")
    commits = [commit.split("\x1f", 4) for commit in filter(None, log.split("\0"))]
    # A clock was wrong, or commits were rebased: one may be later than those that follow it. So git's order is not that of
    # the times, and its --since, which stops at the first that is too old, is not used: the desk leaves out the others.
    for at, name, author, subject, body in sorted(commits, key=lambda commit: -int(commit[0])):
        # Anybody may have written it. What the desk would not take is left out: it would show no older one either.
        if int(at) > LAST:
            continue
        numbers = dict.fromkeys(int(n) for n in re.findall(r"(?<![\w&])#(\d{1,9})\b", f"{subject}\n{body}"))
        for number in numbers:
            if number > 0 and ticket in (None, number):
                line = {"at": int(at), "kind": "commit", "ticket": number}
                line |= {"author": author[:LONGEST], "subject": subject[:LONGEST]}
                if "url" in settings:
                    line["url"] = settings["url"].format(name)
                print(json.dumps(line))
