#!/usr/bin/python3 -I
# argv[1] is what is asked. On standard input: a line of JSON, then the mail. Saying nothing lets it go on.
import json, re, sys

head = json.loads(sys.stdin.buffer.readline())
if sys.argv[1] == "filter":
    header = re.split(rb"\r?\n\r?\n", sys.stdin.buffer.read(head["size"]), maxsplit=1)[0]
    if re.search(rb"^X-Virus-Status: infected", header, re.I | re.M):
        print(json.dumps({"go": "quarantine", "reason": "a virus was found"}))
elif sys.argv[1] == "check":
    print(json.dumps({"findings": [{"level": "ok", "what": "nothing else is needed"}]}))
