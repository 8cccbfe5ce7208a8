//! What a source file declares and names, read from its tokens: without comments, literals and tests.

/// An identifier, `::`, or one other character, and the line it stands in, from 1.
#[derive(Clone, Debug)]
struct Token {
    text: String,
    line: usize,
}

/// A path of names as it is written, and the line it stands in.
#[derive(Clone, Debug)]
pub struct Named {
    pub path: Vec<String>,
    pub line: usize,
}

/// One name that a `use` brings in.
#[derive(Clone, Debug)]
pub struct Import {
    /// The name in this file; `*` for all names of a module.
    pub alias: String,
    pub target: Named,
    /// It is there for others as well.
    pub exported: bool,
}

/// What a file declares and names.
#[derive(Debug, Default)]
pub struct Source {
    /// Modules in files of their own.
    pub modules: Vec<String>,
    /// Names in a call of `parts!`: modules whose `PART` the call uses.
    pub parts: Vec<Named>,
    pub imports: Vec<Import>,
    /// Paths of at least two names, outside of `use`.
    pub paths: Vec<Named>,
    /// Single names outside of `use`.
    pub words: Vec<String>,
    /// Structures, enumerations and traits that other files can name.
    pub types: Vec<Named>,
}

impl Source {
    pub fn read(text: &str) -> Source {
        let tokens = without_tests(tokens(text));
        let mut source = Source::default();
        let mut at = 0;
        let mut exported = false;
        while at < tokens.len() {
            let line = tokens[at].line;
            match text_at(&tokens, at) {
                "pub" => {
                    // `pub(in crate::x)` names nothing that is used.
                    let end = match text_at(&tokens, at + 1) {
                        "(" => closing(&tokens, at + 1),
                        _ => at,
                    };
                    exported = true;
                    let within: Vec<&str> = (at + 1..=end).map(|i| text_at(&tokens, i)).collect();
                    if ["", "(crate)"].contains(&within.concat().as_str())
                        && ["struct", "enum", "trait"].contains(&text_at(&tokens, end + 1))
                    {
                        source.types.push(Named {
                            path: vec![text_at(&tokens, end + 2).to_owned()],
                            line,
                        });
                    }
                    at = end + 1;
                    continue;
                }
                "mod" if text_at(&tokens, at + 2) == ";" => {
                    source.modules.push(text_at(&tokens, at + 1).to_owned());
                    at += 2;
                }
                "mod" if text_at(&tokens, at + 2) == "{" => {
                    panic!("line {line}: a module inside a file; give it a file of its own");
                }
                "parts" if text_at(&tokens, at + 1) == "!" => {
                    let end = closing(&tokens, at + 2);
                    let names = tokens[at + 3..end].iter().filter(|t| is_name(&t.text));
                    source.parts.extend(names.map(|token| Named {
                        path: vec!["self".into(), token.text.clone(), "PART".into()],
                        line: token.line,
                    }));
                    at = end;
                }
                // `use<'a>` is part of a type.
                "use" if text_at(&tokens, at + 1) != "<" => {
                    at = source.import(&tokens, at + 1, &[], exported);
                }
                word if is_name(word) => {
                    let mut path = vec![word.to_owned()];
                    while text_at(&tokens, at + 1) == "::" && is_name(text_at(&tokens, at + 2)) {
                        path.push(text_at(&tokens, at + 2).to_owned());
                        at += 2;
                    }
                    match path.len() {
                        1 => source.words.append(&mut path),
                        _ => {
                            source.words.push(path[0].clone());
                            source.paths.push(Named { path, line });
                        }
                    }
                }
                _ => {}
            }
            exported = false;
            at += 1;
        }
        source
    }

    /// Reads a tree of imports that begins at `at`, below `prefix`; the place after it.
    fn import(&mut self, tokens: &[Token], at: usize, prefix: &[String], exported: bool) -> usize {
        let mut path = prefix.to_vec();
        let mut at = at;
        let line = tokens[at].line;
        loop {
            match text_at(tokens, at) {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while text_at(tokens, at) != "}" {
                        at = self.import(tokens, at, &path, exported);
                        if text_at(tokens, at) == "," {
                            at += 1;
                        }
                    }
                    return at + 1;
                }
                "as" => {
                    self.push(text_at(tokens, at + 1), path, line, exported);
                    return at + 2;
                }
                "," | "}" | ";" => {
                    if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
                        path.pop();
                    }
                    let alias = path.last().cloned().unwrap_or_default();
                    self.push(&alias, path, line, exported);
                    return at;
                }
                "" => panic!("line {line}: an import does not end"),
                word => {
                    path.push(word.to_owned());
                    at += 1;
                }
            }
        }
    }

    fn push(&mut self, alias: &str, path: Vec<String>, line: usize, exported: bool) {
        self.imports.push(Import {
            alias: alias.to_owned(),
            target: Named { path, line },
            exported,
        });
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn text_at(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| &token.text)
}

/// The place of the bracket that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    panic!("line {}: a bracket is left open", tokens[open].line);
}

/// Leaves out what only tests see.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let here: String = (at..at + 7).map(|i| text_at(&tokens, i)).collect();
        if here != "#[cfg(test)]" {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += 7;
        while text_at(&tokens, at) == "#" {
            at = closing(&tokens, at + 1) + 1;
        }
        // To the end of the item: its semicolon, or its last brace.
        loop {
            match text_at(&tokens, at) {
                ";" | "" => break,
                "{" => {
                    at = closing(&tokens, at);
                    break;
                }
                "(" | "[" => at = closing(&tokens, at) + 1,
                _ => at += 1,
            }
        }
        at += 1;
    }
    kept
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (text, len) = match first {
            c if c.is_whitespace() => ("", c.len_utf8()),
            _ if rest.starts_with("//") => ("", rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => ("", comment(rest)),
            _ if rest.starts_with("::") => ("::", 2),
            _ if literal(rest).is_some() => ("\"", literal(rest).unwrap_or_default()),
            c if c.is_alphanumeric() || c == '_' => {
                let more = |c: char| c.is_alphanumeric() || c == '_';
                let len = rest.find(|c| !more(c)).unwrap_or(rest.len());
                (&rest[..len], len)
            }
            c => (&rest[..c.len_utf8()], c.len_utf8()),
        };
        if !text.is_empty() {
            tokens.push(Token {
                text: text.to_owned(),
                line,
            });
        }
        line += rest[..len].matches('\n').count();
        rest = &rest[len..];
    }
    tokens
}

/// The length of the comment at the beginning of `text`; comments nest.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest.chars().next().expect("a comment ends").len_utf8();
        }
        if depth == 0 {
            return at;
        }
    }
}

/// The length of the string, character or lifetime at the beginning of `text`.
fn literal(text: &str) -> Option<usize> {
    let letters = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - letters.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = letters.strip_prefix('r') {
        let quote = raw.trim_start_matches('#');
        let end = format!("\"{}", "#".repeat(raw.len() - quote.len()));
        let body = quote.strip_prefix('"')?;
        let start = text.len() - body.len();
        return Some(start + body.find(&end).expect("a string ends") + end.len());
    }
    let quote = letters.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let mut inner = letters.char_indices().skip(1);
    let (_, first) = inner.clone().next()?;
    if quote == '\'' && first != '\\' && letters.chars().nth(2) != Some('\'') {
        // A lifetime.
        let name = |c: char| c.is_alphanumeric() || c == '_';
        let len = letters[1..].find(|c| !name(c))?;
        return Some(prefix + 1 + len);
    }
    while let Some((at, c)) = inner.next() {
        if c == '\\' {
            inner.next();
        } else if c == quote {
            return Some(prefix + at + 1);
        }
    }
    panic!("a string ends");
}
