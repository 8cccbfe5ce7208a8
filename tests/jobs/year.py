#!/usr/bin/env python3
"""Writes year.txt: when each job runs in a year, by the rules of Debian's cron(8) and those of `tickets`.

The times of a job are found minute by minute with Python's zoneinfo; croniter reads the fields, and lists the times
in UTC as a second opinion. None of it knows the program, which has to come to the same table (src/parts/jobs,
schedule_tests.rs). The year has both changes of the clock in Berlin and in New York, a week without any tick, and a
clock that is set back and forth. To write it anew:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install croniter tzdata && /tmp/venv/bin/python tests/jobs/year.py
"""

import hashlib
import random
from bisect import bisect_right
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import croniter

TICKS = 10_000
PROCESSES = 6
HOST = "desk.example.org"
HOUR, DAY = 3600, 86_400
FOR_EVER = 1 << 62

# name, zone, times, seconds of jitter, missed, seconds of late
JOBS = [
    ("digest", "UTC", "0 7 * * *", 0, "once", 12 * HOUR),
    ("gap", "Europe/Berlin", "30 2 * * *", 0, "once", 12 * HOUR),
    ("gap-twice", "Europe/Berlin", "15,45 2 * * *", 0, "once", 12 * HOUR),
    ("hourly", "Europe/Berlin", "0 * * * *", 0, "once", 12 * HOUR),
    ("quarters", "Europe/Berlin", "*/15 * * * *", 0, "once", 12 * HOUR),
    ("gap-quarters", "Europe/Berlin", "*/15 2 * * *", 0, "once", 12 * HOUR),
    ("office", "Europe/Berlin", "0 9-17 * * 1-5", 600, "skip", 12 * HOUR),
    ("either", "Europe/Berlin", "0 9 13 * 5", 0, "once", 2 * DAY),
    ("sunday", "America/New_York", "0 3 * * 0", 0, "once", 12 * HOUR),
    ("fold", "America/New_York", "30 1 * * *", 0, "once", 12 * HOUR),
    ("fold-hourly", "America/New_York", "30 * * * *", 0, "skip", 12 * HOUR),
    ("odd", "America/New_York", "45 2 1-31/2 * *", 1800, "once", 12 * HOUR),
    ("weekly", "America/New_York", "@weekly", 0, "once", 30 * DAY),
    ("monthly", "UTC", "0 0 1 * *", 3600, "once", 12 * HOUR),
    ("flush", "-", 300, 0, "once", FOR_EVER),
    ("fetch", "-", 120, 60, "once", FOR_EVER),
    ("clean-up", "-", DAY, 0, "once", FOR_EVER),
]

BEGIN = int(datetime(2027, 1, 1, tzinfo=timezone.utc).timestamp())
END = int(datetime(2028, 1, 1, tzinfo=timezone.utc).timestamp())
# The clock may be some days off.
FIRST, LAST = BEGIN - 40 * DAY, END + 10 * DAY


def fields(expression):
    """The five sets of numbers, and whether the day is that of the month or that of the week."""
    words = {"@weekly": "0 0 * * 0"}.get(expression, expression)
    sets = croniter.expand(words)[0]
    ranges = [range(60), range(24), range(1, 32), range(1, 13), range(7)]
    numbers = []
    for given, every in zip(sets, ranges):
        numbers.append(set(every) if given == ["*"] else {int(n) % 7 if every == range(7) else int(n) for n in given})
    texts = words.split()
    either = not texts[2].startswith("*") and not texts[4].startswith("*")
    fixed = not texts[0].startswith("*") and not texts[1].startswith("*")
    return numbers, either, fixed


def fits(wall, numbers, either):
    minute, hour, day, month, weekday = numbers
    in_month, in_week = wall.day in day, wall.isoweekday() % 7 in weekday
    is_day = in_month or in_week if either else in_month and in_week
    return wall.minute in minute and wall.hour in hour and wall.month in month and is_day


def times(zone, expression):
    """All of them, sorted. What stands at fixed times of the day runs once where the clock is set back, and where it
    is set forward, at the first moment after; anything else runs as the clock on the wall shows it."""
    numbers, either, fixed = fields(expression)
    zone, found, minute = ZoneInfo(zone), [], timedelta(minutes=1)
    before = datetime.fromtimestamp(FIRST - 60, zone).replace(tzinfo=None)
    for second in range(FIRST, LAST, 60):
        local = datetime.fromtimestamp(second, zone)
        wall = local.replace(tzinfo=None)
        skipped = before + minute
        while fixed and skipped < wall:
            if fits(skipped, numbers, either) and found[-1:] != [second]:
                found.append(second)
            skipped += minute
        if fits(wall, numbers, either) and not (fixed and local.fold) and found[-1:] != [second]:
            found.append(second)
        before = wall
    if zone.key == "UTC":
        opinion = croniter(expression, datetime.fromtimestamp(FIRST - 1, timezone.utc))
        for time in found:
            assert opinion.get_next(float) == time, (expression, time)
    return found


def year():
    """What the clock says at each tick. Several processes may tick in one second."""
    chance = random.Random(12)
    dense = [datetime(2027, month, day, tzinfo=timezone.utc).timestamp() for month, day in [(3, 14), (3, 28), (10, 31), (11, 7)]]
    week = datetime(2027, 7, 1, tzinfo=timezone.utc).timestamp()
    # From when, for how long, how far off.
    off = [
        (datetime(2027, 2, 3, 9, tzinfo=timezone.utc).timestamp(), 6 * HOUR, -1800),
        (datetime(2027, 4, 10, 5, tzinfo=timezone.utc).timestamp(), DAY, -3 * HOUR),
        (datetime(2027, 5, 5, tzinfo=timezone.utc).timestamp(), 8 * HOUR, 2 * DAY),
        (datetime(2027, 8, 20, tzinfo=timezone.utc).timestamp(), 12 * HOUR, 20 * 60),
        (datetime(2027, 10, 31, 0, 40, tzinfo=timezone.utc).timestamp(), 3 * HOUR, -2 * HOUR),
    ]
    moments, now = [], float(BEGIN)
    while now < END:
        if not week <= now < week + 7 * DAY:
            moments.append(int(now))
        minutes = any(start - 6 * HOUR <= now < start + 18 * HOUR for start in dense)
        now += 60 if minutes else chance.randint(60, 16_000)
    ticks = []
    for nth, moment in enumerate(moments):
        clock = moment + sum(by for start, length, by in off if start <= moment < start + length)
        # A machine that just started may not know the time yet.
        ticks.append(0 if nth % 997 == 500 else clock)
    while len(ticks) < TICKS:
        at = chance.randrange(len(ticks))
        together = chance.randint(2, PROCESSES)
        if ticks[max(at - PROCESSES, 0) : at + PROCESSES].count(ticks[at]) == 1:
            ticks[at:at] = [ticks[at]] * (together - 1)
    return ticks[:TICKS]


def delay(name, jitter):
    digest = hashlib.sha256(f"{HOST}\n{name}".encode()).digest()
    return int.from_bytes(digest[:7], "big") % jitter if jitter else 0


def main():
    ticks = year()
    rows = []
    for name, zone, spec, jitter, missed, late in JOBS:
        every = spec if isinstance(spec, int) else None
        all_times = None if every else times(zone, spec)
        by = delay(name, jitter)
        late = 300 if missed == "skip" else late
        slack = min(every, HOUR) if every else HOUR
        last, ahead, runs, too_late, set_back = None, -FOR_EVER, [], 0, 0
        for clock in ticks:
            if last is None:
                last = clock
                continue
            if clock >= ahead:
                # The clock was set forth again.
                last = max(last, ahead)
            if last > clock + slack:
                last, ahead, set_back = clock, last, set_back + 1
            else:
                if every:
                    time = (clock - by) // every * every
                else:
                    at = bisect_right(all_times, clock - by)
                    time = all_times[at - 1] if at else -FOR_EVER
                if time > last:
                    if clock - time - by <= late:
                        runs.append(time)
                    else:
                        too_late += 1
                    last = time
        if every:
            in_year = (END - 1) // every - (BEGIN - 1) // every
        else:
            in_year = sum(BEGIN <= time < END for time in all_times)
        digest = hashlib.sha256("".join(f"{time}\n" for time in runs).encode()).hexdigest()[:16]
        spec = f"every {spec}" if every else spec
        rows.append(f"{name}|{zone}|{spec}|{jitter}|{missed}|{late}|{in_year}|{len(runs)}|{too_late}|{set_back}|{digest}")
    steps = [str(clock - before) for before, clock in zip([0] + ticks, ticks)]
    lines, line = [], ""
    for step in steps:
        if len(line) + len(step) > 118:
            lines.append(line.strip())
            line = ""
        line += f" {step}"
    lines.append(line.strip())
    head = "# Written by year.py. name|zone|times|jitter|missed|late|times in the year|runs|missed|set back|digest of the runs"
    text = "\n".join([head, *rows, "# Seconds from each tick to the next, from 1970 on", *lines]) + "\n"
    Path(__file__).with_name("year.txt").write_text(text)


main()
