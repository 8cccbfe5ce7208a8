//! What real servers write.

use super::tests::read;

#[test]
fn fields_of_real_servers() {
    for (case, header, id, want) in [
        (
            "Exim",
            "Authentication-Results: mail.example.org;\n\tauth=pass (PLAIN) \
             smtp.auth=steve;\n\tdkim=pass header.d=example.net header.s=s1 \
             header.a=rsa-sha256",
            "mail.example.org",
            &[
                "auth=pass smtp.auth=steve",
                "dkim=pass header.d=example.net header.s=s1 header.a=rsa-sha256",
            ][..],
        ),
        (
            "OpenDKIM",
            "Authentication-Results: mail.example.org;\n\tdkim=pass (2048-bit key; \
             unprotected) header.d=example.net header.i=@example.net header.a=rsa-sha256 \
             header.s=s1 header.b=\"Ab;=cD\";\n\tdkim-atps=neutral",
            "MAIL.example.org",
            &[
                "dkim=pass header.d=example.net header.i=@example.net \
                 header.a=rsa-sha256 header.s=s1 header.b=Ab;=cD",
                "dkim-atps=neutral",
            ],
        ),
        (
            "OpenDKIM 2.11.0, of two signatures",
            "Authentication-Results: mail.example.org;\n\tdkim=fail \
             reason=\"signature verification failed\" (2048-bit key; unprotected) \
             header.d=example.org header.i=@example.org header.a=rsa-sha256 header.s=sel \
             header.b=AAAAAAAA;\n\tdkim=pass (2048-bit key; unprotected) header.d=evil.example \
             header.i=@evil.example header.a=rsa-sha256 header.s=sel header.b=x11KV7fS;\n\
             \tdkim-atps=neutral",
            "mail.example.org",
            &[
                "dkim=fail reason=signature verification failed header.d=example.org \
                 header.i=@example.org header.a=rsa-sha256 header.s=sel header.b=AAAAAAAA",
                "dkim=pass header.d=evil.example header.i=@evil.example header.a=rsa-sha256 \
                 header.s=sel header.b=x11KV7fS",
                "dkim-atps=neutral",
            ],
        ),
        (
            "rspamd 3.4",
            "Authentication-Results: x;\n\tdkim=fail (\"headers rsa verify failed\") \
             header.d=example.org header.s=sel header.b=AAAAAAAA;\n\tdkim=pass \
             header.d=evil.example header.s=sel header.b=\"l/o84qN7\";\n\tspf=pass (x: domain of \
             \"a b@evil.example\" designates 192.0.2.7 as permitted sender) \
             smtp.mailfrom=\"a b@evil.example\";\n\tdmarc=pass (policy=none) \
             header.from=evil.example;\n\tarc=pass (\"google.com:s=arc-20240605:i=1\")",
            "x",
            &[
                "dkim=fail header.d=example.org header.s=sel header.b=AAAAAAAA",
                "dkim=pass header.d=evil.example header.s=sel header.b=l/o84qN7",
                "spf=pass smtp.mailfrom=a b@evil.example",
                "dmarc=pass header.from=evil.example",
                "arc=pass",
            ],
        ),
        (
            "rspamd 3.4, of a login",
            "Authentication-Results: x;\n\tauth=pass smtp.auth=steve@example.org \
             smtp.mailfrom=steve@example.org",
            "x",
            &["auth=pass smtp.auth=steve@example.org smtp.mailfrom=steve@example.org"],
        ),
        (
            "rspamd 3.4, of one that tries to be two",
            "Authentication-Results: x;\n\tauth=pass smtp.auth=\"mallory\\\" ;\n\tauth=pass \
             smtp.auth=\\\"steve\" smtp.mailfrom=x@evil.example",
            "x",
            &[
                "auth=pass smtp.auth=mallory\" ;\n\tauth=pass smtp.auth=\"steve smtp.mailfrom=x@evil.example",
            ],
        ),
        (
            "OpenDKIM, of none",
            "Authentication-Results: mail.example.org; dkim=none; dkim-atps=neutral",
            "mail.example.org",
            &["dkim=none", "dkim-atps=neutral"],
        ),
        (
            "OpenDMARC",
            "Authentication-Results: mail.example.org; dmarc=pass (p=none dis=none) \
             header.from=example.net",
            "mail.example.org",
            &["dmarc=pass header.from=example.net"],
        ),
        (
            "Google",
            "Authentication-Results: mx.google.com;\n       dkim=pass header.i=@example.net \
             header.s=k header.b=q9w+/2;\n       spf=pass (google.com: domain of \
             ann@example.net designates 192.0.2.1 as permitted sender) \
             smtp.mailfrom=ann@example.net;\n       dmarc=pass (p=NONE sp=NONE dis=NONE) \
             header.from=example.net",
            "mx.google.com",
            &[
                "dkim=pass header.i=@example.net header.s=k header.b=q9w+/2",
                "spf=pass smtp.mailfrom=ann@example.net",
                "dmarc=pass header.from=example.net",
            ],
        ),
    ] {
        assert_eq!(read(header, id), want, "{case}");
    }
}
