//! SYNOPSIS of a manual page: clap_mangen leaves out the values of options, and that a value may be repeated.

use clap::{Arg, ArgAction, Command};

/// The section of `command`.
pub(super) fn section(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let mut words = vec![bold(name)];
    // Those of which one is required stand together.
    let groups: Vec<Vec<&Arg>> = (command.get_groups())
        .filter(|group| group.is_required_set())
        .map(|group| {
            let is_in = |arg: &&Arg| group.get_args().any(|id| id == arg.get_id());
            command.get_arguments().filter(is_in).collect()
        })
        .collect();
    let alone = |arg: &&Arg| !arg.is_hide_set() && !groups.iter().flatten().any(|it| it == arg);
    let shown = || command.get_arguments().filter(alone);
    words.extend(
        shown()
            .filter(|arg| !arg.is_positional())
            .map(|arg| optional_unless_required(arg, &option(arg))),
    );
    words.extend(groups.iter().map(|group| one_of(group)));
    words.extend(
        shown()
            .filter(|arg| arg.is_positional())
            .map(|arg| optional_unless_required(arg, &values(arg))),
    );
    if command.has_subcommands() {
        let required = command.is_subcommand_required_set();
        words.push(optional(!required, &italic("COMMAND")));
    }
    format!(".SH SYNOPSIS\n{}\n", words.join(" "))
}

/// `(--mbox FILE|--maildir DIR)`
fn one_of(group: &[&Arg]) -> String {
    let each = |arg: &&Arg| match arg.is_positional() {
        true => values(arg) + dots(arg),
        false => option(arg) + dots(arg),
    };
    let each: Vec<String> = group.iter().map(each).collect();
    format!("({})", each.join("|"))
}

/// `[WORD]`, or `WORD` alone if it has to be given; what can be repeated is followed by three dots.
fn optional_unless_required(arg: &Arg, word: &str) -> String {
    optional(!arg.is_required_set(), word) + dots(arg)
}

/// `-m|--message TEXT`
fn option(arg: &Arg) -> String {
    let short = arg.get_short().map(|it| bold(&format!("-{it}")));
    let long = arg.get_long().map(|it| bold(&format!("--{it}")));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let mut word = names.join("|");
    if let Some(count) = arg.get_num_args().filter(|count| count.takes_values()) {
        let separator = if arg.is_require_equals_set() {
            "="
        } else {
            "\\ "
        };
        let value = format!("{separator}{}", values(arg));
        word += &optional(count.min_values() == 0, &value);
    }
    word
}

fn dots(arg: &Arg) -> &'static str {
    let several = arg.get_num_args().is_some_and(|it| it.max_values() > 1);
    match arg.get_action() {
        ArgAction::Append | ArgAction::Count => "...",
        _ if several && arg.is_positional() => "...",
        _ => "",
    }
}

/// The names of the values.
fn values(arg: &Arg) -> String {
    match arg.get_value_names() {
        Some(names) => {
            let names: Vec<String> = names.iter().map(|name| italic(name)).collect();
            names.join("\\ ")
        }
        None => italic(&arg.get_id().as_str().to_uppercase()),
    }
}

fn optional(is_optional: bool, what: &str) -> String {
    match is_optional {
        true => format!("[{what}]"),
        false => what.to_owned(),
    }
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", text.replace('-', "\\-"))
}

fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", text.replace('-', "\\-"))
}
