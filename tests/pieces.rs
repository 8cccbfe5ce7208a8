//! What brings mail to the desk stays in force whatever ends the script that puts it in or takes it out.

use crate::package::elsewhere;

/// True if this can be tried: what the scripts change is root's.
fn may_try() -> bool {
    let may = nix::unistd::geteuid().is_root();
    if !may {
        eprintln!("SKIPPED: only root can try the scripts for mail servers");
    }
    may
}

/// A directory `$made/bin` in which every program that the script runs counts the calls, and the call whose number is
/// in `$made/at` first sends a signal to the script.
const COUNTED: &str = r#"
    bin=$made/bin; mkdir $bin
    cat >$bin/.counted <<'END'
#!/bin/sh
made=${0%/bin/*}
echo >>$made/calls
read -r at <$made/at
if [ $at != 0 ] && [ $(/usr/bin/wc -l <$made/calls) -ge $at ] && /bin/mkdir $made/cut 2>/dev/null; then
    read -r signal <$made/signal
    read -r pid <$made/pid
    kill -$signal $pid
    [ $signal != KILL ] || exit 1
fi
name=${0##*/}
case $name in
exim4 | update-exim4.conf) [ "$1" != -bt ] || echo "router = tickets_submit" ;;
post*) . $made/$name ;;
*) exec /usr/bin/$name "$@" ;;
esac
END
    chmod 755 $bin/.counted
    for name in awk cat cp mv rm sync install cmp ln grep sed readlink dirname id exim4 update-exim4.conf \
        getent cut tail postconf postmap postfix; do
        ln $bin/.counted $bin/$name
    done
    install=$(pwd)/../contrib/$mta/install
    # Runs it; the first word is the number of the call that ends it.
    run() {
        rm -rf $made/calls $made/cut; echo $1 >$made/at; shift
        # One shell around it, which may say what a signal has done to it. What it has started may live longer, and
        # has ended when the pipe has.
        {
            status=0
            PATH=$bin:$PATH sh -c 'sh -c "echo \$\$ >\$0; exec sh \"\$@\"" "$@"; exit $?' sh $made/pid $install "$@" \
                9>&1 >/dev/null 2>&1 || status=$?
            echo $status >$made/status
        } | cat
        return $(cat $made/status)
    }
    sums() { (cd /etc/exim4; find . -type f | sort | xargs sha256sum); }
"#;

/// Debian's configuration of Exim, in small; the words say whether it is split, and how long it is.
const EXIM: &str = r#"
    exim() {
        rm -rf /etc/exim4; mkdir -p /etc/exim4/conf.d/router /etc/exim4/conf.d/transport
        echo "dc_use_split_config='$1'" >/etc/exim4/update-exim4.conf.conf
        { printf 'begin routers\nsystem_aliases:\n  driver = redirect\nbegin transports\n'
          i=0; while [ $i -lt $2 ]; do echo " # retry rules of their own, $i"; i=$((i + 1)); done
        } >/etc/exim4/exim4.conf.template
    }
"#;

// E8
#[test]
fn a_signal_leaves_exim_what_was_or_what_is_new() {
    if !may_try() {
        return;
    }
    let out = elsewhere(&format!(
        r#"mta=exim4{COUNTED}{EXIM}
        for form in "true KILL put" "true TERM take" "false KILL put" "false TERM put"; do
            set -- $form; split=$1
            case $3 in put) new="TICKETS_SUBMIT=submit : office" ;; *) new=--undo ;; esac
            echo $2 >$made/signal
            exim $split 300
            run 0 TICKETS_USER=tickets; sums >$made/old; cp -a /etc/exim4 $made/exim4
            run 0 "$new"; sums >$made/new; calls=$(wc -l <$made/calls)
            ! cmp -s $made/old $made/new
            n=0; cut=0
            while [ $n -lt $calls ]; do
                n=$((n + 1))
                rm -rf /etc/exim4; cp -a $made/exim4 /etc/exim4
                status=0; run $n "$new" || status=$?
                [ $status = 0 ] || cut=$((cut + 1))
                what="$form: cut at call $n, status $status"
                sums >$made/is
                case $2 in
                TERM)
                    cmp -s $made/is $made/old || cmp -s $made/is $made/new || echo "$what: half"
                    case $status in 0 | 143) ;; *) echo "$what: odd status" ;; esac
                    ;;
                KILL)
                    # Each file is whole, and what is left beside it is for the next run.
                    grep -v -E '\.(new|before)$' $made/is | grep -v -x -F -f $made/old |
                        grep -v -x -F -f $made/new && echo "$what: neither old nor new"
                    [ "$new" = --undo ] || grep -q -s '^tickets_submit:' /etc/exim4/conf.d/router/*tickets \
                        /etc/exim4/exim4.conf.template || echo "$what: the pieces are gone"
                    run 0 "$new"; sums | cmp -s - $made/new || echo "$what: not mended by the next run"
                    ;;
                esac
            done
            [ $cut -gt 5 ] && echo "$form: tried" || echo "$form: $cut of $calls"
            rm -rf $made/exim4
        done"#
    ));
    let forms = [
        "true KILL put",
        "true TERM take",
        "false KILL put",
        "false TERM put",
    ];
    assert_eq!(out, forms.map(|form| format!("{form}: tried\n")).concat());
}

// E8
#[test]
fn a_full_disk_leaves_exim_what_was() {
    if !may_try() {
        return;
    }
    let out = elsewhere(&format!(
        r#"mta=exim4{COUNTED}{EXIM}
        echo TERM >$made/signal
        exim false 2000; run 0 TICKETS_USER=tickets; cp -a /etc/exim4 $made/exim4; sums >$made/old
        run 0 "TICKETS_SUBMIT=submit : office"; sums >$made/new
        full=0; done=0
        for free in 4 60 64 72 76 80 92 120 160 240; do
            mount -t tmpfs -o size=1m none /etc/exim4; cp -a $made/exim4/. /etc/exim4
            left=$(df -k --output=avail /etc/exim4 | tail -n 1)
            head -c $(((left - free) * 1024)) /dev/zero >$made/fill; cp $made/fill /etc/exim4/fill
            status=0; run 0 "TICKETS_SUBMIT=submit : office" || status=$?
            rm /etc/exim4/fill
            case $status in
            0) done=$((done + 1)); sums | cmp - $made/new || echo "$free: not the new" ;;
            *) full=$((full + 1)); sums | cmp - $made/old || echo "$free: not what was" ;;
            esac
            umount /etc/exim4
        done
        [ $full -gt 2 ] && [ $done -gt 1 ] && echo tried || echo "$full $done""#
    ));
    assert_eq!(out, "tried\n");
}

/// A Postfix that is only its files; `$made/deny` names one that nobody can change, and `$made/dead` is there if it
/// cannot be reloaded.
const POSTFIX: &str = r#"
    cat >$made/postconf <<'END'
etc=/etc/postfix
# Like the real one, it puts a new file in place of the old one.
change() {
    read -r deny <$made/deny
    if [ $deny = $1 ]; then
        echo "postconf: fatal: cannot change $1" >&2
        exit 1
    fi
    /bin/cat >$etc/$1.tmp
    /bin/mv $etc/$1.tmp $etc/$1
}
case $1 in
-h) echo $etc ;;
-hx) echo example.org ;;
-d) shift; for name; do echo "$name = "; done ;;
-nH) /bin/sed 's/ = .*//' $etc/main.cf ;;
-M)
    case ${2-} in
    *=*) { /bin/grep -v "^${2%%/*} " $etc/master.cf; echo "${2#*=}"; } | change master.cf ;;
    *) /bin/cat $etc/master.cf ;;
    esac
    ;;
-MX) /bin/grep -v "^${2%%/*} " $etc/master.cf | change master.cf ;;
-X | -e)
    shift
    for value; do
        name=${value%% *}
        { /bin/grep -v "^$name = " $etc/main.cf; [ $name = "$value" ] || echo "$value"; } | change main.cf || exit 1
    done
    ;;
*) for name; do /bin/grep "^$name = " $etc/main.cf || echo "$name = "; done ;;
esac
END
    echo 'case $* in *new) echo tickets: ;; esac' >$made/postmap
    cat >$made/postfix <<'END'
if [ $1 = reload ] && [ -e $made/dead ]; then
    echo "postfix: fatal: no reload today" >&2
    exit 1
fi
END
    echo none >$made/deny
    mkdir /etc/postfix
    echo 'myhostname = mail.example.org' >/etc/postfix/main.cf
    printf 'smtp inet n - y - - smtpd\npickup unix n - y 60 1 pickup\n' >/etc/postfix/master.cf
    sums() { (cd /etc/postfix; find . -type f | sort | xargs sha256sum; find . -name '*.before' -o -name '*.new'); }
    # Runs it as the user does, and says what became of it.
    told() {
        status=0; PATH=$bin:$PATH sh $install TICKETS_USER=nobody "$@" 2>&1 || status=$?
        echo "status $status"
    }
    put="TICKETS_SUBMIT=help"
"#;

// E8
#[test]
fn what_ends_half_way_leaves_postfix_what_was() {
    if !may_try() {
        return;
    }
    let out = elsewhere(&format!(
        r#"mta=postfix{COUNTED}{POSTFIX}
        echo TERM >$made/signal
        rm -f $made/cut; echo 0 >$made/at
        told
        sums >$made/old; cp -a /etc/postfix $made/kept
        back() {{ sums | cmp -s - $made/old && echo as before || {{ echo changed; rm -r /etc/postfix; cp -a $made/kept /etc/postfix; }}; }}
        for deny in master.cf main.cf; do
            for new in $put --undo; do
                echo $deny >$made/deny; told $new; back
            done
        done
        echo none >$made/deny
        rm $made/calls; told $put >/dev/null; sums >$made/new; calls=$(wc -l <$made/calls)
        ! cmp -s $made/old $made/new
        n=0; cut=0
        while [ $n -lt $calls ]; do
            n=$((n + 2))
            rm -r /etc/postfix; cp -a $made/kept /etc/postfix
            status=0; run $n TICKETS_USER=nobody $put || status=$?
            [ $status = 0 ] || cut=$((cut + 1))
            sums | cmp -s - $made/old || sums | cmp -s - $made/new || echo "$n: half"
        done
        [ $cut -gt 15 ] && echo "tried" || echo "$cut of $calls"
        rm -r /etc/postfix; cp -a $made/kept /etc/postfix
        echo 0 >$made/at; touch $made/dead
        told TICKETS_DOMAIN=example.net; back
        told --undo; back"#
    ));
    let denied = |file: &str| {
        format!(
            "postconf: fatal: cannot change {file}\ninstall: all is as it was before\nstatus 1\nas before\n"
        )
        .repeat(2)
    };
    let dead = |done: &str| {
        format!(
            "install: {done}, but Postfix could not be reloaded: postfix: fatal: no reload today\nstatus 1\nchanged\n"
        )
    };
    let want = [
        "added, and Postfix is reloaded\n\
         to test it:     postmap -q submit@example.org regexp:/etc/postfix/tickets_transport    (must print tickets:)\n\
         status 0\n",
        &denied("master.cf"),
        &denied("main.cf"),
        "tried\n",
        // The note is of the domain.
        "note:           does Postfix accept mail for example.net? see mydestination\n",
        &dead("added"),
        &dead("removed"),
    ];
    assert_eq!(out, want.concat());
}

// E8
#[test]
fn postfix_gets_no_value_that_it_would_misread() {
    if !may_try() {
        return;
    }
    let out = elsewhere(&format!(
        r#"mta=postfix{COUNTED}{POSTFIX}
        echo 0 >$made/at
        sums >$made/old
        for value in 'DOMAIN=a|b' 'DOMAIN=exa mple.org' 'DOMAIN=example.org : ' 'DOMAIN= : example.org' 'DOMAIN=-x' \
            'SUBMIT=a/b' "SUBMIT=sub'mit" 'SUBMIT=$mydomain' 'SUBMIT=a : ' 'COMMAND=/x
y' USER=65534 USER=+65534 USER=nobody:adm; do
            told "TICKETS_$value"
            sums | cmp - $made/old
        done"#
    ));
    let no = |name: &str, value: &str| {
        format!("install: that is no value of TICKETS_{name}: {value}\nstatus 1\n")
    };
    let nobody = |user: &str| format!("install: there is no user {user}\nstatus 1\n");
    let want = [
        no("DOMAIN", "a|b"),
        no("DOMAIN", "exa mple.org"),
        no("DOMAIN", "example.org : "),
        no("DOMAIN", " : example.org"),
        no("DOMAIN", "-x"),
        no("SUBMIT", "a/b"),
        no("SUBMIT", "sub'mit"),
        no("SUBMIT", "$mydomain"),
        no("SUBMIT", "a : "),
        no("COMMAND", "/x\ny"),
        nobody("65534"),
        nobody("+65534"),
        nobody("nobody:adm"),
    ];
    assert_eq!(out, want.concat());
}
