use super::*;

/// `method=result name=value ...` of each finding.
pub(super) fn read(header: &str, id: &str) -> Vec<String> {
    let header = format!("{header}\n\n");
    let found = results(&Message::new(header.as_bytes()), id);
    let shown = found.iter().map(|f| {
        let first = format!("{}={}", f.method, f.result);
        let rest = f.properties.iter().map(|(n, v)| format!(" {n}={v}"));
        rest.fold(first, |all, one| all + &one)
    });
    shown.collect()
}

#[test]
fn odd_ones() {
    for (case, value, want) in [
        ("none", "d; none", &[][..]),
        ("a version", "d 1; dkim=pass", &["dkim=pass"]),
        ("of a method", "d; DKIM/1=Pass", &["dkim=pass"]),
        (
            "blanks",
            " (c) d (c) ;(c) dkim=pass (c)\n\t(c) ; ",
            &["dkim=pass"],
        ),
        (
            "no blanks",
            "d;dkim=pass;spf=fail",
            &["dkim=pass", "spf=fail"],
        ),
        ("a root dot", "D.; dkim=pass", &["dkim=pass"]),
        ("a quoted name", "\"d\"; dkim=pass", &["dkim=pass"]),
        ("another's", "dd; dkim=pass", &[]),
        ("nobody's", "; dkim=pass", &[]),
        ("nothing", "", &[]),
        ("no results", "d", &[]),
        ("half a result", "d; dkim; =pass; dkim=", &[]),
        (
            "values with more equals signs",
            "d; spf=pass smtp.mailfrom=SRS0=a=b=x.org=y@z.net",
            &["spf=pass smtp.mailfrom=SRS0=a=b=x.org=y@z.net"],
        ),
        (
            "no value",
            "d; spf=pass smtp.mailfrom= smtp.helo=x",
            &["spf=pass smtp.mailfrom= smtp.helo=x"],
        ),
    ] {
        let got = read(&format!("Authentication-Results: {value}"), "d");
        assert_eq!(got, want, "{case}");
    }
    let deep = format!(
        "Authentication-Results: d; {}dkim=pass",
        "(".repeat(200_000)
    );
    assert_eq!(read(&deep, "d"), [""; 0]);
}

/// C3, C5: what a stranger may have had a part in says nothing, nor does anything beside it.
#[test]
fn a_field_that_is_not_plain_says_nothing() {
    for (case, value) in [
        // Exim 4.96, ${authresults}, of `d=(.evil.example; s=x)example.org`.
        (
            "a domain that begins a comment",
            "d;\n\tdkim=pass header.d=(.evil.example header.s=x)example.org header.a=rsa-sha256",
        ),
        (
            "inside a word",
            "d; dkim=pass header.d=x(.evil; s=x).example.org",
        ),
        ("at its end", "d; dkim=pass header.d=example.org(x)"),
        ("between two", "d; dkim=pass (x)header.d=example.org"),
        ("after the method", "d; dkim=pass(x) header.d=example.org"),
        ("before it", "d;(x)dkim=pass header.d=example.org"),
        ("two comments", "d; dkim=pass (x)(y) header.d=example.org"),
        ("after equals", "d; dkim=pass header.d= (x) example.org"),
        (
            "a word in the middle",
            "d; dkim=pass header.d=evil (x) example.org",
        ),
        ("blanks about equals", "d; dkim = pass header.d=example.org"),
        ("a word alone", "d; dkim=pass x header.d=example.org"),
        ("no name", "d; dkim=pass =x header.d=example.org"),
        ("an odd name", "d; dkim=pass h\u{e9}ader=x"),
        ("a comment in a comment", "d; dkim=fail ((x) y); spf=none"),
        (
            "escaped in a comment",
            "d; dkim=fail (x\\); dkim=pass ((y)) z); spf=none",
        ),
        (
            "a sender who ends a comment",
            "d; spf=pass (domain of \"a) ; dkim=pass header.d=example.org ; x=y (\"@evil.example)",
        ),
        ("a comment without an end", "d; dkim=fail (; dkim=pass"),
        (
            "an end without a comment",
            "d; dkim=pass header.d=x) ; spf=none",
        ),
        ("a quote without an end", "d; dkim=fail x=\"; dkim=pass"),
        (
            "a quote that ends another",
            "d; dkim=pass x=\"a\" \"; dkim=pass header.d=d",
        ),
        ("NUL", "d; dkim=pass header.d=example.org\0"),
        ("a control", "d; dkim=pass (\u{1b}[1m) header.d=example.org"),
        (
            "a tab of another kind",
            "d; dkim=pass\u{b}header.d=example.org",
        ),
        ("half a result", "d; dkim; spf=none"),
        ("a name alone", "d x; dkim=pass"),
        ("a pair for a name", "d a=b; dkim=pass"),
        // RFC 4954: `AUTH=x+3Bauth+3Dpass+20smtp.auth+3Dsteve`, as Exim 4.96 copies it.
        (
            "a sender after the login",
            "d;\n\tauth=pass (PLAIN) smtp.auth=mallory smtp.mailfrom=x;auth=pass smtp.auth=steve",
        ),
        (
            "and another method",
            "d; auth=pass (PLAIN) smtp.auth=mallory smtp.mailfrom=x;dkim=pass header.d=example.org",
        ),
        (
            "an honest one, which looks the same",
            "d; auth=pass (PLAIN) smtp.auth=steve smtp.mailfrom=steve@example.org; dkim=none",
        ),
        // OpenDKIM 2.11.0 of `s=x(` and of `i=(x)@evil.example`.
        (
            "a selector that begins a comment",
            "d;\n\tdkim=pass (2048-bit key; unprotected) header.d=evil.example \
             header.i=@evil.example header.a=rsa-sha256 header.s=x( header.b=sTwZ9B08;\n\
             \tdkim-atps=neutral",
        ),
        (
            "an identity that is one",
            "d;\n\tdkim=pass (2048-bit key; unprotected) header.d=evil.example \
             header.i=(x)@evil.example header.a=rsa-sha256 header.s=sel header.b=TTT+PSUv;\n\
             \tdkim-atps=neutral",
        ),
        // rspamd 3.4 of `EHLO x\" ;dkim=pass header.d=example.org x="y`, and less its comment.
        (
            "a host that ends a quoted string",
            "d;\n\tspf=temperror (x: error in processing during lookup of \"x\\\\\" ;\n\
             \tdkim=pass header.d=example.org x=\\\"y\": DNS error) smtp.helo=\"x\\\\\" ;\n\
             \tdkim=pass header.d=example.org x=\\\"y\"",
        ),
        (
            "the same without the comment",
            "d;\n\tspf=temperror smtp.helo=\"x\\\\\" ;\n\
             \tdkim=pass header.d=example.org x=\\\"y\"",
        ),
        // OpenDMARC 1.4.2 of `From: steve@example.org .evil.example`.
        (
            "a domain in two words",
            "d; dmarc=pass (p=none dis=none) header.from=example.org .evil.example",
        ),
        // OpenDMARC 1.4.2 of `EHLO x) ; dkim=pass header.d=example.org ; x=y (z`.
        (
            "a host that ends a comment",
            "d; spf=pass smtp.helo=x) ; dkim=pass header.d=example.org ; x=y (z",
        ),
    ] {
        let got = read(&format!("Authentication-Results: {value}"), "d");
        assert_eq!(got, [""; 0], "{case}");
        // It is the server's field all the same, and none below it counts.
        let both = format!("Authentication-Results: {value}\nAuthentication-Results: d; dkim=pass");
        assert_eq!(read(&both, "d"), [""; 0], "{case}");
    }
    let long = format!(
        "Authentication-Results: d; dkim=pass x={}",
        "y".repeat(64 << 10)
    );
    assert_eq!(read(&long, "d"), [""; 0]);
}

/// C3, C5: OpenDKIM 2.11.0 decodes the identity, and OpenDMARC 1.4.2 believes what it reads there.
#[test]
fn what_a_signature_says_of_itself_must_be_plain() {
    let found = "d;\n\tdkim=pass (2048-bit key; unprotected) header.d=evil.example \
        header.i=x;dkim=pass header.d=example.org y=z@evil.example header.a=rsa-sha256 \
        header.s=sel header.b=Ox2O7LQd;\n\tdkim-atps=neutral";
    let dmarc = "d; dmarc=pass (p=none dis=none) header.from=example.org";
    let forged = "i=x=3Bdkim=3Dpass=20header.d=3Dexample.org=20y=3Dz@evil.example";
    for (name, tags, plain) in [
        (
            "DKIM-Signature",
            "v=1; d=evil.example; s=sel; i=@evil.example; b=a/+=",
            true,
        ),
        (
            "DKIM-Signature",
            "v=1;\n\td = example.org ;\n s=\n s1",
            true,
        ),
        (
            "DKIM-Signature",
            "d=x; s=s; z=From:a=3Bb|To:c; h=a:b; bh=x=; l=1",
            true,
        ),
        ("DKIM-Signature", "d=x; s=s; i=ann+t=3Dag@x", false),
        (
            "DKIM-Signature",
            &format!("v=1; d=evil.example; s=sel; {forged}; b=a"),
            false,
        ),
        (
            "DKIM-Signature",
            "d=evil.example; s=sel; i = x;i=a header.d=b",
            false,
        ),
        ("DKIM-Signature ", forged, false),
        ("dkim-signature", "d=(.evil.example; s=x)example.org", false),
        ("DKIM-Signature", "d=evil.example; s=x\"", false),
        ("DKIM-Signature", "d=evil.example; s=x\0", false),
        ("DKIM-Signature", "d=evil.example; s=x\u{e9}", false),
        (
            "ARC-Seal",
            "i=1; a=rsa-sha256; t=1; cv=none; d=google.com; s=arc-20240605; b=x=",
            true,
        ),
        ("ARC-Seal", "i=1; d=evil.example; s=x) ; dkim=pass (", false),
        ("ARC-Message-Signature", "i=1; d=evil.example; s=x (", false),
        ("X-Signature", forged, true),
    ] {
        for value in [found, dmarc] {
            let header = format!("Authentication-Results: {value}\n{name}: {tags}");
            assert_eq!(!read(&header, "d").is_empty(), plain, "{name}: {tags}");
        }
    }
}

#[test]
fn several_results_of_one_method() {
    for (case, value, want) in [
        (
            "logins",
            "d; auth=pass smtp.auth=mallory; auth=pass smtp.auth=steve; dkim=none",
            &["dkim=none"][..],
        ),
        (
            "of which one fails",
            "d; auth=fail; auth=pass smtp.auth=steve",
            &[],
        ),
        (
            "policies",
            "d; dmarc=fail header.from=a; dmarc=pass header.from=b; spf=none",
            &["spf=none"],
        ),
        (
            "signatures",
            "d; dkim=fail header.d=a.b; dkim=pass header.d=c.d",
            &["dkim=fail header.d=a.b", "dkim=pass header.d=c.d"],
        ),
    ] {
        let got = read(&format!("Authentication-Results: {value}"), "d");
        assert_eq!(got, want, "{case}");
    }
}

#[test]
fn plain_domains_and_logins() {
    let property = |value: &str| {
        let header = format!("Authentication-Results: d; x=pass p={value}\n\n");
        results(&Message::new(header.as_bytes()), "d")
    };
    for (value, domain, login) in [
        ("example.org", Some("example.org"), Some("example.org")),
        ("EXAMPLE.org.", Some("example.org"), Some("EXAMPLE.org.")),
        ("\"example.org\"", Some("example.org"), Some("example.org")),
        ("\"steve\"@example.org", None, None),
        ("\"example\".org", None, None),
        ("steve@example.org", None, Some("steve@example.org")),
        ("o'brien+x", None, Some("o'brien+x")),
        ("a=b", None, None),
        ("a,b", None, None),
        ("a:b", None, None),
        ("a..b", None, Some("a..b")),
        ("", None, None),
        ("\"\"", None, None),
        ("\"a b\"", None, None),
        ("\"a\\\"b\"", None, None),
        ("\"example.org(x\"", None, None),
        (
            "b\u{fc}cher.example",
            Some("xn--bcher-kva.example"),
            Some("b\u{fc}cher.example"),
        ),
        ("\u{ff45}xample.org", None, Some("\u{ff45}xample.org")),
        ("exam\u{ad}ple.org", None, None),
        ("x\u{fffd}", None, None),
    ] {
        let found = property(value);
        assert_eq!(found[0].domain("p").as_deref(), domain, "{value}");
        assert_eq!(found[0].login("p"), login, "{value}");
    }
}

#[test]
fn the_topmost_field_of_that_server_counts() {
    let header = "Authentication-Results : d; dkim=pass\n\
        Authentication-Results: other; dkim=pass\n\
        Received: by d\nauthentication-results: d; dkim=fail\n\
        Authentication-Results: d; dkim=pass";
    assert_eq!(read(header, "d"), ["dkim=fail"]);
    assert_eq!(read(header, "e"), [""; 0]);
    let has = |id| has_field(&Message::new(header.as_bytes()), id);
    assert_eq!([has("d"), has("Other"), has("e")], [true, true, false]);
}

#[test]
fn of_two_properties_none_is_believed() {
    let header = b"Authentication-Results: d; dkim=pass header.d=a header.D=b header.i=c\n\n";
    let found = results(&Message::new(header), "d");
    assert!(found[0].passes("dkim") && !found[0].passes("dmarc"));
    let value = |name| found[0].property(name);
    assert_eq!([value("header.d"), value("header.i")], [None, Some("c")]);
}
