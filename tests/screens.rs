//! What stands on a terminal: a desk with names, Subjects and texts in many scripts, on terminals of
//! several widths. No line is too wide, columns line up, and nothing steers the terminal but our
//! own colours (E1, E2).

use crate::bench::{Bench, Ran, finish};
use crate::story::empty;
use crate::transcript::Transcript;
use std::path::Path;
use tickets::mail::entry::{Trace, encode};
use tickets::screen::Width;

/// 2026-01-01 00:00 UTC.
const JANUARY: i64 = 1_767_225_600;
const DAY: i64 = 86_400;

const PEOPLE: [&str; 12] = [
    "Alice Example <alice@example.net>",
    "\"Müßig, Jörg\" <joerg@example.net>",
    "王小明 <wang@example.net>",
    "山田太郎 <yamada@example.net>",
    "김민수 <kim@example.net>",
    "محمد بن عبد الله <m@example.net>",
    "דנה כהן <dana@example.net>",
    "สมชาย ใจดี <somchai@example.net>",
    "अमित शर्मा <amit@example.net>",
    "José 🎉 Núñez <jose@example.net>",
    "nobody-in-particular-with-a-very-long-address@subdomain.example.net",
    "\u{1b}[31mMallory\u{7}\u{202e} <mallory@example.net>",
];

/// Each begins with a letter that no name above has.
const SUBJECTS: [&str; 18] = [
    "Zebra crossing: the printer is on fire, third floor, and the coffee machine next to it, too",
    "Überprüfung: Drucker läßt sich nicht öffnen",
    "请求书还没有收到，请尽快确认一下这个月的账单，因为我们的财务部门需要在月底之前完成付款",
    "請求書の件について：先月分の請求書がまだ届いておりませんのでご確認をお願いいたします。",
    "프린터가 작동하지 않습니다. 어제부터 계속 종이가 걸리고 있으며 전원을 다시 켜도 같은 문제가",
    "طابعة لا تعمل منذ يوم أمس، هل يمكنكم مساعدتي في حل هذه المشكلة من فضلكم؟ شكرا جزيلا",
    "زر Outlook 365 (خطأ 0x800CCC0E)",
    "צריך עזרה: המדפסת בוערת!",
    "เครื่องพิมพ์ไม่ทำงานตั้งแต่เมื่อวานนี้ ช่วยด้วยครับ ผมลองปิดแล้วเปิดใหม่หลายครั้งแล้วแต่ก็ยังไม่ได้ผล",
    "प्रिंटर काम नहीं कर रहा है",
    "🔥\u{fe0f} 👩\u{200d}💻 VPN 🇩🇪🇯🇵 👍🏽 👨\u{200d}👩\u{200d}👧\u{200d}👦 and so on and so on and so on, 🔥🔥🔥🔥🔥🔥",
    "Qcafe\u{301} n\u{303} o\u{308} Z\u{337}\u{321}\u{31b}algo",
    "",
    "QQ\ttab \u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m \u{202e}gpj.exe\u{202c} \u{2066}isolated",
    "Xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Verkehrswegeplanungsbeschleunigungsgesetz: Donaudampfschifffahrtsgesellschaftskapitänsmütze",
    "ﾊﾝｶｸ ｶﾀｶﾅ ＡＢＣ　全角",
    "Не работает интернет в офисе, совсем не работает, уже третий день, и никто не приходит",
];

const TEXTS: [&str; 5] = [
    "Hello,\n\nthe printer is on fire, and the coffee machine next to it begins to look very worried.\n\n\
     > > On Monday you wrote that the printer is on fire since this morning, and nobody comes to help\n\
     \ttabbed\tand\ttabbed, until the line is longer than any terminal is wide, as tabs go\n-- \nAlice\n",
    "您好，\n\n我还没有收到这个月的请求书。请尽快确认一下，因为我们的财务部门需要在月底之前完成付款。\n\n\
     > 先月分の請求書がまだ届いておりませんので、ご確認をお願いいたします。プリンターが動きません。\n",
    "السلام عليكم،\n\nلا أستطيع تسجيل الدخول إلى حسابي منذ يوم أمس، هل يمكنكم مساعدتي في حل هذه المشكلة؟\n\
     שלום, המדפסת בוערת ואני צריך מים. תודה רבה על העזרה! אני לא מצליח להתחבר לחשבון שלי מאז העדכון.\n",
    "เครื่องพิมพ์ไม่ทำงานตั้งแต่เมื่อวานนี้ช่วยตรวจสอบให้หน่อยครับผมลองปิดแล้วเปิดใหม่หลายครั้งแล้วแต่ก็ยังไม่ได้ผลรบกวนด้วยครับ\n\
     프린터가작동하지않습니다어제부터계속종이가걸리고있으며전원을다시켜도같은문제가발생합니다확인부탁드립니다감사합니다\n",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}evil\u{2028}line\u{c}page\rreturn 🔥\u{fe0f}👩\u{200d}💻 e\u{301}\u{301}\u{301}\n",
];

/// A message as it came in; every other is HTML, every third has attachments.
fn mail(number: usize, from: &str, to: &str, subject: &str) -> String {
    let text = TEXTS[number % TEXTS.len()];
    let mut mail = format!(
        "Message-ID: <{number}@example.net>\nFrom: {from}\nTo: {to}, {}\nSubject: {subject}\n\
         MIME-Version: 1.0\n",
        PEOPLE[..10].join(",\n ")
    );
    mail += &match number % 6 {
        1 | 3 => format!(
            "Content-Type: text/html; charset=utf-8\n\n<p>{}</p><ul><li>one<li>two</ul>\n",
            text.replace('\n', "<br>")
        ),
        2 | 5 => format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; \
             charset=utf-8\n\n{text}\n--b\nContent-Type: application/pdf\nContent-Disposition: \
             attachment; filename=\"請求書 {number}.pdf\"\n\n%PDF\n--b\nContent-Type: \
             message/rfc822\n\nFrom: a@example.net\nSubject: طابعة\n\n{text}\n--b--\n"
        ),
        _ => format!("Content-Type: text/plain; charset=utf-8\n\n{text}"),
    };
    mail
}

fn entry(at: i64, filed_under: &str, raw: &[u8]) -> Vec<u8> {
    let trace = Trace {
        sender: Some("alice@example.net"),
        filed_under,
        at,
    };
    encode(&trace, raw)
}

/// A desk after a year: a ticket for each Subject, with replies, closings and re-openings.
fn year() -> Bench {
    let b = empty();
    let steve = "Steve <steve@example.org>";
    let mut count = 0;
    for (at, subject) in SUBJECTS.into_iter().enumerate() {
        let ticket = at + 1;
        let mut entries = Vec::new();
        for step in 0..=at % 5 {
            let (from, under) = match step {
                0 => (PEOPLE[at % PEOPLE.len()], "submit@example.org".to_owned()),
                1 | 2 => (steve, format!("ticket-{ticket}@example.org")),
                3 => (steve, format!("ticket-{ticket}-done@example.org")),
                _ => (PEOPLE[5], format!("ticket-{ticket}@example.org")),
            };
            let re = if step > 0 { "Re: " } else { "" };
            let raw = mail(count, from, &under, &format!("{re}{subject}"));
            let days = (at * 13 + step * 3) as i64;
            entries.extend(entry(JANUARY + days * DAY, &under, raw.as_bytes()));
            count += 1;
        }
        let closed = at % 5 == 3;
        let dir = if closed {
            "tickets/archived"
        } else {
            "tickets"
        };
        b.put(&format!("{dir}/{ticket}"), &entries);
    }
    b
}

/// What the program shows on a terminal so wide, colours and all.
fn on_terminal(b: &Bench, args: &[&str], columns: usize) -> String {
    let Ran {
        status,
        stdout,
        stderr,
    } = finish(coloured(b, args, columns), b"");
    let stderr = stderr.lines().filter(|l| !l.contains("-n 0 shows all"));
    assert_eq!((status, stderr.count()), (0, 0), "{args:?}");
    stdout
}

fn coloured(b: &Bench, args: &[&str], columns: usize) -> std::process::Command {
    let mut command = b.command(args);
    command.envs([
        ("CLICOLOR_FORCE", "1"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
    ]);
    command.env("COLUMNS", columns.to_string());
    command
}

/// The lines without our colours. Nothing else in them may steer a terminal, and each is over when
/// it ends.
fn bare(shown: &str, what: &str) -> Vec<String> {
    let mut lines = Vec::new();
    assert!(shown.is_empty() || shown.ends_with('\n'), "{what}");
    for coloured in shown.split_terminator('\n') {
        let mut line = String::new();
        let mut on = false;
        for (at, piece) in coloured.split("\u{1b}[").enumerate() {
            if at == 0 {
                line.push_str(piece);
                continue;
            }
            let (colour, rest) = piece.split_once('m').unwrap();
            assert!(
                ["0", "1", "2", "31"].contains(&colour),
                "{what}: {coloured:?}"
            );
            on = colour != "0";
            line.push_str(rest);
        }
        assert!(!on, "{what}: {coloured:?}");
        let steers = |c: char| {
            c.is_control()
                || matches!(c, '\u{61c}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!line.contains(steers), "{what}: {line:?}");
        // What keeps the directions of a line apart takes no column.
        let line = line.replace('\u{200e}', "");
        assert_eq!(line.trim_end(), line, "{what}: a blank at the end");
        lines.push(line);
    }
    lines
}

fn all_fit(lines: &[String], columns: usize, what: &str) {
    for line in lines {
        let width = line.width();
        assert!(width <= columns, "{what}: {width} of {columns}: {line}");
    }
}

/// The column at which each Subject begins, in the lines that show one.
fn subjects_begin(lines: &[String], what: &str) -> Vec<usize> {
    let begins = |line: &String| {
        // Where others are cut or joined, their first letter is still there.
        let firsts = SUBJECTS.iter().filter_map(|subject| subject.chars().next());
        let re = line.find("  Re: ").map(|at| at + 2);
        let at = re.or_else(|| {
            firsts
                .filter_map(|c| line.rfind(&format!("  {c}")))
                .min()
                .map(|at| at + 2)
        })?;
        Some(line[..at].width())
    };
    let found: Vec<usize> = lines.iter().filter_map(begins).collect();
    assert!(!found.is_empty(), "{what}");
    found
}

/// The same column, of so many lines at least.
fn line_up(columns: &[usize], least: usize, what: &str) {
    assert!(columns.len() >= least, "{what}: {columns:?}");
    assert!(
        columns.iter().all(|c| *c == columns[0]),
        "{what}: {columns:?}"
    );
}

#[test]
fn rows_fit_and_line_up() {
    // E1
    let b = year();
    let words = "printer OR 请求书 OR 請求書 OR طابعة OR צריך OR เครื่องพิมพ์ OR xxxx* OR vpn OR owned";
    for columns in [20, 40, 80, 200] {
        for (args, least) in [
            (&["list", "--all"][..], SUBJECTS.len() - 1),
            (&["timeline"], 30),
            (&["search", "-n0", words], 10),
        ] {
            let what = format!("{} at {columns}", args[0]);
            let mut lines = bare(&on_terminal(&b, args, columns), &what);
            all_fit(&lines, columns, &what);
            // Below each ticket stand lines of its messages.
            lines.retain(|line| args[0] != "search" || !line.starts_with("    "));
            if columns >= 80 {
                line_up(&subjects_begin(&lines, &what), least, &what);
            }
        }
    }
}

#[test]
fn conversations_fit() {
    // E2
    let b = year();
    for columns in [20, 40, 80, 200] {
        for ticket in 1..=SUBJECTS.len() {
            let ticket = ticket.to_string();
            for args in [&["show", &ticket][..], &["show", "--headers", &ticket, "1"]] {
                let what = format!("{args:?} at {columns}");
                let mut lines = bare(&on_terminal(&b, args, columns), &what);
                // An address of the web and a command are no good in pieces.
                let whole = |line: &str| {
                    let word = line.trim_start_matches("To: ");
                    let word = word.trim_start_matches(['>', ' ']);
                    !word.contains(' ') || line.starts_with("  tickets show ")
                };
                lines.retain(|line| !whole(line));
                // Nor are they easier to read on a wider terminal.
                all_fit(&lines, columns.min(100), &what);
            }
        }
    }
}

#[test]
fn charts_fit_and_line_up() {
    let b = year();
    let bar = |c| matches!(c, '█'..='▏');
    for columns in [20, 40, 80, 200] {
        let what = format!("stats at {columns}");
        let lines = bare(&on_terminal(&b, &["stats"], columns), &what);
        all_fit(&lines, columns, &what);
        if columns < 80 {
            continue;
        }
        let begin = |line: &String| line.find(bar).map(|at| line[..at].width());
        let sections: Vec<&[String]> = lines.split(String::is_empty).collect();
        let of = |title: &str| {
            let mut found = sections.iter().filter(|s| s[0].starts_with(title));
            *found.next().unwrap()
        };
        for (title, least) in [
            ("month", 6),
            ("Customers write on", 5),
            ("Most tickets", 10),
        ] {
            let bars: Vec<usize> = of(title).iter().filter_map(begin).collect();
            line_up(&bars, least, &what);
        }
        // What the bars are said to show.
        let months = of("month");
        let title = months[0].rfind("opened").unwrap();
        let bars = months.iter().find_map(begin);
        assert_eq!(Some(months[0][..title].width()), bars, "{what}");
        // All numbers, on more lines if it must be.
        let sums = of("First reply").join(" ");
        for number in [
            "within",
            "wait for one",
            "by customers",
            "replies",
            "by machines",
        ] {
            assert!(sums.contains(number), "{what}: {sums}");
        }
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let b = empty();
    let now = jiff::Timestamp::now().as_second();
    let put = |ticket: &str, days: &[i64], from: &str, last: &str, subject: &str| {
        let entries = days.iter().map(|day| {
            let from = if *day == days[days.len() - 1] {
                last
            } else {
                from
            };
            let raw =
                format!("Message-ID: <{ticket}.{day}@x>\nFrom: {from}\nSubject: {subject}\n\nHi\n");
            entry(now - day * DAY - 60, "submit@example.org", raw.as_bytes())
        });
        b.put(
            &format!("tickets/{ticket}"),
            &entries.collect::<Vec<_>>().concat(),
        );
    };
    let (ann, steve) = ("Ann Example <ann@example.net>", "steve@example.org");
    put("42", &[4, 3, 2], ann, steve, "Printer on fire");
    let bob = "Bob <bob@example.net>";
    put("41", &[5], bob, bob, "Cannot log in");
    let ran = b.run(&["list"], b"");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let shown = readme.split("    $ tickets list\n").nth(1).unwrap();
    let shown = shown.lines().map_while(|line| line.strip_prefix("    "));
    assert!(shown.eq(ran.stdout.lines()), "{}", ran.stdout);
}

#[test]
fn pipes_get_no_colours() {
    let b = year();
    for line in ["list", "timeline", "search printer", "stats", "show 1"] {
        let args: Vec<&str> = line.split(' ').collect();
        let mut command = coloured(&b, &args, 80);
        command.env_remove("CLICOLOR_FORCE");
        let ran = finish(command, b"");
        assert_eq!(ran.status, 0, "{args:?}");
        assert!(ran.stdout.lines().count() > 5, "{args:?}");
        assert!(!ran.stdout.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn a_conversation_on_a_small_terminal() {
    let b = empty();
    let raw = "\
Message-ID: <1@example.net>
Date: Thu, 01 Jan 2026 10:00:00 +0000
From: محمد بن عبد الله <m@example.net>
To: submit@example.org, 王小明 <wang@example.net>, Alice Example <alice@example.net>
Subject: 请求书还没有收到，请尽快确认一下，谢谢
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

我还没有收到这个月的请求书，「请求书」。请尽快确认。
> 先月分の請求書がまだ届いておりませんので、ご確認を。
See https://www.example.com/a/long/path/to/somewhere now.
--b
Content-Type: application/pdf; name=a.pdf

%PDF
--b--
";
    let dated = entry(JANUARY, "submit@example.org", raw.as_bytes());
    b.put("tickets/1", &dated);
    let mut t = Transcript::new(&b);
    // Without the mark behind the name the date would stand before it where directions are known.
    t.step(
        "Lines are cut where their script allows it; an address of the web stays whole.",
        "LC_ALL=C.UTF-8 CLICOLOR_FORCE=1 COLUMNS=40 tickets show 1",
    );
    insta::assert_snapshot!("screens", t);
}
