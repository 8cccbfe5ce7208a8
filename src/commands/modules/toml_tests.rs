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
            "modules = [\"a\", \"b\"] # x\n",
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
            "its first line",
            BIG,
            "a",
            false,
            &BIG.replace("\n  \"a\", # spam\n", " # spam\n"),
        ),
        (
            "its last line",
            BIG,
            "b",
            false,
            &BIG.replace("\n  \"b\", # viruses\n", " # viruses\n"),
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
