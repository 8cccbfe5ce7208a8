use super::*;

#[test]
fn html_becomes_text() {
    let table = [
        (
            "paragraphs",
            "<p>one<p class=x>two</p>three",
            "one\n\ntwo\n\nthree",
        ),
        ("line breaks", "a<br>b<BR/>c", "a\nb\nc"),
        (
            "entities",
            "a &lt;b&gt; &amp;&nbsp;&auml;&#228;",
            "a <b> & ää",
        ),
        (
            "head",
            "<html><head><title>T</title><style>p{}</style></head><body>x",
            "x",
        ),
        ("script", "a<script>if (1 < 2) '</b>'</SCRIPT >b", "ab"),
        ("no end of script", "a<script>b", "a"),
        (
            "comment",
            "a<!-- <p> -->b<!--[if mso]><p>x<![endif]-->c",
            "abc",
        ),
        ("comment without end", "a<!-- b", "a"),
        (
            "doctype, namespace",
            "<!DOCTYPE html><o:p></o:p><?xml x?>a",
            "a",
        ),
        (
            "link",
            "<a class=x href=\"https://x.example/?a=1&amp;b\">here</a>",
            "here (https://x.example/?a=1&b)",
        ),
        (
            "link that says itself",
            "<a href='http://x'>http://x</a>",
            "http://x",
        ),
        ("bare link", "<a href=http://x/>y</a>", "y (http://x/)"),
        (
            "script as link",
            "<a href=\"javascript:x()\">y</a> <a href='mailto:a@b'>a@b</a>",
            "y a@b",
        ),
        (
            "picture",
            "a<img src=x alt=\"Logo &gt;\">b<img alt=''>",
            "a [Logo >] b",
        ),
        ("list", "<ul><li>a<li><p>b</p></li></ul>", "- a\n- b"),
        (
            "table",
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
            "a b\nc",
        ),
        ("pre", "<pre>a\n  b</pre>", "a\n  b"),
        ("> in an attribute", "<p title=\"a>b\">c</p>", "c"),
        ("quote without end", "<p title=\"a>b<i>c</i>", "bc"),
        ("tag without end", "a <b", "a <b"),
        ("no tag", "1 < 2 <> 3 <", "1 < 2 <> 3 <"),
        (
            "form",
            "<textarea>a</textarea><xmp>b</xmp><plaintext>c",
            "abc",
        ),
    ];
    for (case, html, want) in table {
        assert_eq!(crate::render::tidy(&to_text(html)), want, "{case}");
    }
}

#[test]
fn what_mail_programs_write() {
    let table = [
        // Old pages leave out the semicolon of an entity; in a link, what looks like one is a parameter.
        (
            "entities in links",
            "<a href=\"https://example.net/?id=1&lang=de&order=7&copy=2\">order</a> https://example.net/?a=1&lang=de",
            "order (https://example.net/?id=1&lang=de&order=7&copy=2) https://example.net/?a=1&lang=de",
        ),
        (
            "old Outlook",
            "It&#146;s 5 &#128; &#150; really&#133;",
            "It\u{2019}s 5 \u{20ac} \u{2013} really\u{2026}",
        ),
        (
            "named",
            "&eacute;&copy &hellip;&zwnj;&Aacute;&nosuch;&",
            "é© …\u{200c}Á&nosuch;&",
        ),
        (
            "pre",
            "<p>Error:</p><pre class=\"moz-signature\">\nif (a &lt; b &amp;&amp; c) <b>stop</b>\n  see <a href=\"https://example.net/x\">log</a></pre>end",
            "Error:\n\nif (a < b && c) stop\n  see log (https://example.net/x)\n\nend",
        ),
        (
            "mailto",
            "<p>Write to <a href=\"mailto:billing@example.net?subject=x\">our accountant</a>, or <a href=mailto:ann@example.net>Ann@example.net</a>.</p>",
            "Write to our accountant (billing@example.net), or Ann@example.net.",
        ),
        (
            "telephone",
            "<a href='tel:+49123'>Call</a>",
            "Call (+49123)",
        ),
        (
            "a link that lies",
            "<a href=https://evil.example/>https://bank.example/</a>",
            "https://bank.example/ (https://evil.example/)",
        ),
        (
            "links that lead nowhere",
            "<a href='#top'>up</a> <a href='cid:1'>x</a> <a name=y>z</a>",
            "up x z",
        ),
        (
            "a picture as link",
            "<a href=https://x.example/><img src=y></a>",
            "https://x.example/",
        ),
        (
            "a picture with a word as link",
            "<a href=https://x.example/><img src=y alt=Logo></a>",
            "[Logo] (https://x.example/)",
        ),
        ("an empty link", "a<a href=https://x.example/></a>b", "ab"),
        (
            "a link around a block",
            "<a href=https://x.example/><div>Shop</div></a>now",
            "Shop (https://x.example/)\nnow",
        ),
        (
            "link in a list",
            "<ul><li><a href=https://x.example>https://x.example</a>",
            "- https://x.example",
        ),
        (
            "quotation",
            "<p>Yes, please.</p><blockquote type=\"cite\">Shall I cancel it?</blockquote>Bye",
            "Yes, please.\n\n> Shall I cancel it?\n\nBye",
        ),
        (
            "quotation in quotation",
            "<blockquote><p>a</p><blockquote>b<br>c</blockquote>d</blockquote>",
            "> a\n>\n> > b\n> > c\n>\n> d",
        ),
        (
            "Gmail",
            "<div dir=\"ltr\">Yes</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">On Mon, Ann wrote:<br></div><blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)\"><div>No?</div></blockquote></div>",
            "Yes\n\nOn Mon, Ann wrote:\n\n> No?",
        ),
        (
            "Gmail's indentation",
            "a<blockquote style=\"margin:0 0 0 40px;border:none;padding:0px\"><div>b</div></blockquote>",
            "a\n\n  b",
        ),
        (
            "Outlook",
            "<div class=WordSection1><p class=MsoNormal>Yes<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>Bye<o:p></o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>From:</b> Ann<br><b>Sent:</b> Monday<o:p></o:p></p></div></div></div>",
            "Yes\n\nBye\n\n________________________________\nFrom: Ann\nSent: Monday",
        ),
        (
            "Outlook's quotation",
            "a<div style='border:none;border-left:solid blue 1.5pt;padding:0cm 0cm 0cm 4.0pt'><p class=MsoNormal>b</p></div>c",
            "a\n> b\nc",
        ),
        (
            "Outlook on the web",
            "<div>Yes</div><div id=appendonsend></div><hr style=\"display:inline-block;width:98%\" tabindex=-1><div id=divRplyFwdMsg><b>From:</b> Ann</div>",
            "Yes\n\n________________________________\nFrom: Ann",
        ),
        (
            "no-break spaces at the ends of lines",
            "<div>a&nbsp;</div><div>b&nbsp;</div><div>&nbsp;</div><div>c</div>",
            "a\nb\n\nc",
        ),
        (
            "lines that are divs",
            "<div>a</div><div><br></div><div>b<br></div><div>c</div>",
            "a\n\nb\nc",
        ),
        (
            "many empty lines",
            "a<br><br><br><br><p>&nbsp;</p><p>&nbsp;</p><div><br></div>b",
            "a\n\nb",
        ),
        (
            "numbers",
            "<ol><li>Unplug</li><li>Wait</li></ol><ol start=\"3\"><li>Plug in</li></ol>",
            "1. Unplug\n2. Wait\n\n3. Plug in",
        ),
        (
            "numbers by hand",
            "<ol><li value=7>a<li>b</ol>",
            "7. a\n8. b",
        ),
        (
            "list in list",
            "x<ul><li>a<ol><li>b<br>c<li>d</ol></li><li>e</ul>y",
            "x\n\n- a\n  1. b\n     c\n  2. d\n- e\ny",
        ),
        (
            "list in a quotation",
            "<blockquote>a<ul><li>b</ul></blockquote>",
            "> a\n>\n> - b",
        ),
        ("item without a list", "<li>a<li>b", "- a\n- b"),
        (
            "definitions",
            "<dl><dt>a<dd>b<dt>c<dd>d</dl>",
            "a\n  b\nc\n  d",
        ),
        (
            "hidden",
            "<div style=\"display:none;max-height:0\">Preview <div>x</div></div><p>Hello</p>",
            "Hello",
        ),
        (
            "hidden, otherwise",
            "<span style='DISPLAY: none !important'>a</span><p hidden>b</p><i style='max-height:0;overflow:hidden'>c</i>d",
            "d",
        ),
        (
            "hidden paragraph without end",
            "<p style=display:none>a<p>b",
            "b",
        ),
        (
            "hidden to the end",
            "<div style=display:none>a<p>b",
            "a\n\nb",
        ),
        ("all hidden", "<div style=display:none>a</div>", "a"),
        (
            "no size, but in it",
            "<td style='font-size:0'><span style='font-size:16px'>a</span></td>",
            "a",
        ),
        (
            "filled preview",
            "Preview&nbsp;&zwnj;&nbsp;&zwnj;&#847;&nbsp;<p>a",
            "Preview\n\na",
        ),
        (
            "conditional comments",
            "<!--[if mso]><p>a</p><![endif]--><![if !mso]>b<![endif]><!--[if !mso]><!-->c<!--<![endif]-->",
            "bc",
        ),
        ("empty comments", "a<!-->b<!--->c", "abc"),
        (
            "MSO's settings",
            "<head><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml></head>a",
            "a",
        ),
        ("picture that never ends", "<svg><path>a", "a"),
        (
            "an apostrophe in a tag",
            "<font face=Arial'>it's</font> a 'test'",
            "it's a 'test'",
        ),
        ("blanks", " a \n\t b <b> c</b> &nbsp; d", "a b c   d"),
        (
            "soft hyphens",
            "Donau&shy;dampf\u{200b}schiff",
            "Donaudampfschiff",
        ),
        (
            "joined letters",
            "\u{645}\u{6cc}\u{200c}\u{62e}",
            "\u{645}\u{6cc}\u{200c}\u{62e}",
        ),
        ("headings", "<h1>a</h1>b<h2>c</h2>", "a\n\nb\n\nc"),
        ("quoted word", "a <q>b</q>", "a \u{201c}b\u{201d}"),
        ("nothing", "<div><br></div>", ""),
    ];
    for (case, html, want) in table {
        assert_eq!(crate::render::tidy(&to_text(html)), want, "{case}");
    }
}

#[test]
fn tables_are_readable() {
    let table = [
        (
            "lined up",
            "<table><tr><th>Item<th>Price</tr><tr><td>Printer<td>1</tr><tr><td>Ink<td>2.50</table>",
            "Item     Price\nPrinter  1\nInk      2.50",
        ),
        (
            "Outlook's cells",
            "<table><tr><td><p class=MsoNormal>a<o:p></o:p></p></td><td><p>b</p></td></tr><tr><td><p>long</p></td><td><p>c</p></td></tr></table>",
            "a     b\nlong  c",
        ),
        (
            "cells without words",
            "<table><tr><td>&nbsp;</td><td>a</td><td><img src=x></td><td>b</td></tr><tr><td></td><td>cc</td><td></td><td>d</td></tr></table>",
            "a   b\ncc  d",
        ),
        (
            "one that is missing",
            "<table><tr><td>a<td>b<td>c</tr><tr><td>d<td><td>e</tr></table>",
            "a  b  c\nd     e",
        ),
        (
            "wide characters",
            "<table><tr><td>\u{65e5}\u{672c}<td>b</tr><tr><td>abc<td>d</tr></table>",
            "\u{65e5}\u{672c}  b\nabc   d",
        ),
        (
            "a cell over two columns",
            "<table><tr><td>a<td>b<td>c</tr><tr><td colspan=2>d<td>e</tr></table>",
            "a  b  c\nd     e",
        ),
        (
            "layout",
            "<table><tr><td><table><tr><td>a</td></tr><tr><td>b</td></tr></table></td><td>c</td></tr></table>",
            "a\nb\nc",
        ),
        (
            "paragraphs in cells",
            "<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>",
            "a\n\nb\n\nc",
        ),
        (
            "icon and label",
            "<table><tr><td><table><tr><td>[x]</td></tr></table></td><td>label</td></tr></table>",
            "[x] label",
        ),
        (
            "a list in a cell",
            "<table><tr><td>a<td><ul><li>b<li>c</ul></table>",
            "a\n- b\n- c",
        ),
        (
            "in a quotation",
            "<blockquote><table><tr><td>a<td>b</tr><tr><td>cc<td>d</table></blockquote>",
            "> a   b\n> cc  d",
        ),
        (
            "behind text",
            "x<table><tr><td>a<td>b</table>y",
            "x\na b\ny",
        ),
        ("cells without a table", "<td>a</td><td>b</td>", "a\nb"),
    ];
    for (case, html, want) in table {
        assert_eq!(crate::render::tidy(&to_text(html)), want, "{case}");
    }
    let long = "word ".repeat(30);
    let html = format!("<table><tr><td>{long}<td>{long}</tr><tr><td>{long}<td>b</tr></table>");
    let long = long.trim();
    assert_eq!(to_text(&html), format!("{long}\n{long}\n{long}\nb"));
}

#[test]
fn data_is_no_text() {
    let table = [
        (
            "a picture",
            "a<img src=\"data:image/png;base64,AAAA+/=\r\nBBBB\">b",
            "a<img src=\"data:image/png;base64,\">b",
        ),
        (
            "an unquoted one",
            "<img src=data:image/png;base64,AAAA>b",
            "<img src=data:image/png;base64,>b",
        ),
        ("text", "it says base64,AAAA", "it says base64,AAAA"),
        ("nothing behind", "data:base64,", "data:base64,"),
    ];
    for (case, html, want) in table {
        let found = without_data(html.as_bytes().to_vec());
        assert_eq!(String::from_utf8_lossy(&found), want, "{case}");
    }
}
