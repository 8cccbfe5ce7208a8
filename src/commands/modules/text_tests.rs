//! What a configuration looks like before and after a module is switched on or off.

use super::*;

// G3
#[test]
fn only_the_list_changes() {
    const BIG: &str = "# ours\ndomain = 'x.org' # the domain\n\nmodules = [ # asked first\n  \"a\", # spam\n  \"b\", # viruses\n] # end\n\n# Nobody else.\n[person.steve]\naddress = \"s@x.org\"\n";
    let table: &[(&str, &str, &str, bool, &str)] = &[
        ("nothing", "", "a", true, "modules = [\"a\"]\n"),
        ("nothing, off", "# hm\n", "a", false, "# hm\n"),
        (
            "above the tables",
            "domain = \"x\" # it\n\n# those\n[parts]\noff = []\n",
            "a",
            true,
            "domain = \"x\" # it\nmodules = [\"a\"]\n\n# those\n[parts]\noff = []\n",
        ),
        (
            "in the place of the comment",
            "x = 1\n# Modules:\n#modules = []\n#modules_path = []\n[parts]\n",
            "a",
            true,
            "x = 1\n# Modules:\nmodules = [\"a\"]\n#modules_path = []\n[parts]\n",
        ),
        (
            "but not in a table",
            "[parts]\n#modules = []\noff = []\n",
            "a",
            true,
            "modules = [\"a\"]\n[parts]\n#modules = []\noff = []\n",
        ),
        (
            "nor in a string",
            "x = '''\n#modules = []\n'''\n",
            "a",
            true,
            "x = '''\n#modules = []\n'''\nmodules = [\"a\"]\n",
        ),
        (
            "one more",
            "modules = [\"a\"] # x\n",
            "b",
            true,
            "modules = [\"a\", \"b\"] # x\n",
        ),
        (
            "there already",
            "modules = ['a',]\n",
            "a",
            true,
            "modules = ['a',]\n",
        ),
        (
            "without brackets",
            "modules = 'a' # x\n",
            "b",
            true,
            "modules = ['a', \"b\"] # x\n",
        ),
        (
            "the first",
            "modules = [\"a\", \"b\"]\n",
            "a",
            false,
            "modules = [\"b\"]\n",
        ),
        (
            "the last",
            "modules = [\"a\", \"b\"]\n",
            "b",
            false,
            "modules = [\"a\"]\n",
        ),
        (
            "the only one",
            "modules = [\"a\"]\n",
            "a",
            false,
            "modules = []\n",
        ),
        (
            "twice",
            "modules = [\"a\", \"b\", \"a\"]\n",
            "a",
            false,
            "modules = [\"b\"]\n",
        ),
        (
            "a list of lines",
            BIG,
            "c",
            true,
            &BIG.replace("# viruses\n", "# viruses\n  \"c\",\n"),
        ),
        (
            "a list of lines without a comma at the end",
            "modules = [\n  \"a\",\n  \"b\" # viruses\n]\n",
            "c",
            true,
            "modules = [\n  \"a\",\n  \"b\", # viruses\n  \"c\",\n]\n",
        ),
        (
            "a list of lines with a comment at its end",
            "modules = [\n  \"a\",\n  # \"b\",\n]\n",
            "c",
            true,
            "modules = [\n  \"a\",\n  # \"b\",\n  \"c\",\n]\n",
        ),
        (
            "each comma first",
            "modules = [\n    \"a\" # spam\n  , \"b\"\n]\n",
            "c",
            true,
            "modules = [\n    \"a\" # spam\n  , \"b\"\n  , \"c\"\n]\n",
        ),
        (
            "none yet, in lines",
            "[t]\nx = 1\n",
            "a",
            true,
            "modules = [\"a\"]\n[t]\nx = 1\n",
        ),
        (
            "none yet, but a comment",
            "modules = [ # none yet\n]\n",
            "a",
            true,
            "modules = [ # none yet\n  \"a\",\n]\n",
        ),
        (
            "empty",
            "modules = [ ] # none\n",
            "a",
            true,
            "modules = [ \"a\" ] # none\n",
        ),
        (
            "a comma at the end",
            "modules = [\"a\",]\n",
            "b",
            true,
            "modules = [\"a\", \"b\",]\n",
        ),
        (
            "the bracket behind the last name",
            "modules = [\n  'a',\n  'b']\n",
            "c",
            true,
            "modules = [\n  'a',\n  'b',\n  \"c\"]\n",
        ),
        (
            "the bracket behind the last name, each comma first",
            "modules = [\n  'a'\n , 'b']\n",
            "c",
            true,
            "modules = [\n  'a'\n , 'b'\n , \"c\"]\n",
        ),
        (
            "other line ends",
            "x = 1\r\nmodules = [\r\n  'a'\r\n]\r\n[t]\r\n",
            "b",
            true,
            "x = 1\r\nmodules = [\r\n  'a',\r\n  \"b\",\r\n]\r\n[t]\r\n",
        ),
        (
            "other line ends, in the place of the comment",
            "#modules = []\r\n# end",
            "a",
            true,
            "modules = [\"a\"]\r\n# end",
        ),
        (
            "a mark of UTF-8",
            "\u{feff}# ours\r\nx = 1 # one",
            "a",
            true,
            "\u{feff}# ours\r\nx = 1 # one\r\nmodules = [\"a\"]",
        ),
        (
            "a mark of UTF-8, off",
            "\u{feff}modules = ['a', 'b']\r\n[t]",
            "a",
            false,
            "\u{feff}modules = ['b']\r\n[t]",
        ),
        (
            "last, with a comment of its own and no comma",
            "modules = [\n  \"a\", # spam\n  \"b\" # viruses\n]\n",
            "b",
            false,
            "modules = [\n  \"a\" # spam\n  # viruses\n]\n",
        ),
        (
            "first, with a comment that has no comma before it",
            "modules = [\n  \"a\" # spam\n  , \"b\"\n  , \"c\"\n]\n",
            "a",
            false,
            "modules = [\n  # spam\n  \"b\"\n  , \"c\"\n]\n",
        ),
        (
            "between, each comma first",
            "modules = [\n    \"a\"\n  , \"b\" # viruses\n  , \"c\"\n]\n",
            "b",
            false,
            "modules = [\n    \"a\"\n  # viruses\n  , \"c\"\n]\n",
        ),
        (
            "a line without a comment",
            "modules = [\r\n  'a',\r\n  'b',\r\n]\r\n",
            "a",
            false,
            "modules = [\r\n  'b',\r\n]\r\n",
        ),
        (
            "its first line",
            BIG,
            "a",
            false,
            &BIG.replace("\"a\", # spam", "# spam"),
        ),
        (
            "its last line",
            BIG,
            "b",
            false,
            &BIG.replace("\"b\", # viruses", "# viruses"),
        ),
    ];
    for (case, before, name, on, after) in table {
        let got = edited(before, name, *on).unwrap();
        println!("{case}:\n{got}");
        assert_eq!(&got, after, "{case}");
    }
    assert_eq!(
        edited("modules = 1\n", "a", true),
        Err("modules is no list".into())
    );
    assert!(edited("modules = [\n", "a", true).is_err());
}
