//! Which desk a command line means.

use crate::config::Overrides;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

/// Which desk it is.
#[derive(Args)]
pub(super) struct Which {
    /// Configuration file [default: ~/.config/tickets/config.toml, else /etc/tickets/config.toml]
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    config: Option<PathBuf>,
    /// Directory of the tickets [default: `dir` of the configuration, else ~/tickets]
    #[arg(long, global = true, value_name = "DIR", display_order = 900)]
    dir: Option<PathBuf>,
}

impl Which {
    /// What these options, else the environment, say.
    pub(super) fn overrides(self) -> Overrides {
        let from = |name| {
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        Overrides {
            config: self.config.or_else(|| from("TICKETS_CONFIG")),
            dir: self.dir.or_else(|| from("TICKETS_DIR")),
        }
    }
}

/// Which desk `args` name, before it is known which commands there are: that depends on its
/// configuration.
pub(super) fn named(args: &[OsString]) -> Which {
    let value_of = |option: &str| {
        let mut words = args.iter().skip(1).take_while(|word| *word != "--");
        let mut value = None;
        while let Some(word) = words.next() {
            if word == option {
                value = words.next().map(PathBuf::from);
            } else if let Some(rest) = word.to_str().and_then(|word| word.strip_prefix(option))
                && let Some(rest) = rest.strip_prefix('=')
            {
                value = Some(PathBuf::from(rest));
            }
        }
        value
    };
    Which {
        config: value_of("--config"),
        dir: value_of("--dir"),
    }
}
