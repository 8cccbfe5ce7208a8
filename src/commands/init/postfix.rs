//! The pieces for Postfix: a shell script that installs them, filled in for this desk.

use super::exim::{DIGESTS, document, macros, whole};
use super::plain;
use crate::commands::text::typed;
use crate::config::{Config, Overrides};
use anyhow::Result;

/// contrib/postfix/install, and the files that it needs beside it.
const PIECES: [(&str, &str); 5] = [
    ("main.cf", include_str!("../../../contrib/postfix/main.cf")),
    (
        "master.cf",
        include_str!("../../../contrib/postfix/master.cf"),
    ),
    (
        "tickets_transport",
        include_str!("../../../contrib/postfix/tickets_transport"),
    ),
    (
        "tickets_policy",
        include_str!("../../../contrib/postfix/tickets_policy"),
    ),
    ("install", include_str!("../../../contrib/postfix/install")),
];

/// The script, for root to read and to run; with `--undo`, it removes the pieces.
///
/// # Errors
/// As [`macros`].
pub fn script(config: &Config, overrides: &Overrides) -> Result<String> {
    let group = config.group.as_deref().map(plain::group).transpose()?;
    let group = group.map(|group| ("TICKETS_GROUP", group.to_owned()));
    let values: String = (macros(config, overrides)?.iter())
        .chain(&group)
        // `tickets policy` finds the store and the secret by itself.
        .filter(|(name, _)| *name != "TICKETS_DIR" && !DIGESTS.contains(name))
        .map(|(name, value)| format!(" \\\n        {name}='{value}'"))
        .collect();
    let files: String = PIECES.map(|(name, text)| document(name, text)).concat();
    let program = typed(overrides);
    let addresses = &config.addresses;
    let before = &addresses.template().before;
    Ok(format!(
        "# Lets Postfix hand mail for {submit} and {before}12@{at} to this desk.\n#\n\
         # Put in:    {program} init --postfix | sudo sh\n\
         # Take out:  {program} init --postfix | sudo sh -s -- --undo\n\
         {}",
        whole(&format!(
            "{files}again=\"{program} init --postfix | sudo sh -s --\" \\\n    sh \"$dir/install\"{values} \\\n        \"$@\"\n"
        )),
        submit = addresses.submit(),
        at = addresses.domain(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::init::exim::END;

    #[test]
    fn the_pieces_name_what_is_replaced() {
        let piece = |wanted: &str| PIECES.iter().find(|(name, _)| *name == wanted).unwrap().1;
        for table in ["tickets_transport", "tickets_policy"] {
            let rule = |text: &str| {
                piece(table)
                    .lines()
                    .any(|l| l.starts_with('/') && l.contains(text))
            };
            assert!(
                rule("((submit)(-for)?|(ticket-)[0-9]") && rule("(example[.]org)"),
                "{table}"
            );
        }
        assert_eq!(piece("master.cf").matches("user=tickets").count(), 2);
        assert_eq!(
            piece("master.cf")
                .matches("argv=/usr/local/bin/tickets ")
                .count(),
            2
        );
        assert!(PIECES.iter().all(|(_, text)| !text.contains(END)));
    }
}
