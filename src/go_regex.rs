//! Regular expressions as Go's regexp package understands them.
//!
//! Takes a pattern in Go's syntax (RE2 with Perl classes) and gives one that
//! the regex crate reads in the same way. The two agree but in corners: Go's
//! `\d \w \s \b` know ASCII only, `\Q…\E` quotes, a brace that is no
//! repetition stands for itself, and a class has no set operations. Names of
//! files are bytes: one that is not UTF-8 counts as one character, as in Go.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// Where bytes that are not UTF-8 are put while a regex looks at them: code
/// points of a private plane, one for each byte.
const FOREIGN: u32 = 0x10_ff00;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub(crate) struct GoRegex(Regex);

impl GoRegex {
    /// Compiles a pattern; the error is one line.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        RegexBuilder::new(&translate(pattern))
            .octal(true)
            .build()
            .map(GoRegex)
            .map_err(|error| {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default();
                reason.trim_start_matches("error: ").to_owned()
            })
    }

    pub(crate) fn is_match(&self, subject: &[u8]) -> bool {
        self.0.is_match(&text(subject))
    }

    /// Replaces every match; `$1` and `${1}` stand for groups.
    pub(crate) fn replace_all<'a>(&self, subject: &'a [u8], replacement: &str) -> Cow<'a, [u8]> {
        match text(subject) {
            Cow::Borrowed(text) => match self.0.replace_all(text, replacement) {
                Cow::Borrowed(same) => Cow::Borrowed(same.as_bytes()),
                Cow::Owned(new) => Cow::Owned(new.into_bytes()),
            },
            Cow::Owned(text) => Cow::Owned(bytes(&self.0.replace_all(&text, replacement))),
        }
    }
}

/// The subject as text, with each foreign byte as a character of its own.
fn text(subject: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(subject) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(subject.len() + 8);
    for chunk in subject.utf8_chunks() {
        text.push_str(chunk.valid());
        let foreign = chunk.invalid().iter();
        text.extend(foreign.filter_map(|byte| char::from_u32(FOREIGN + u32::from(*byte))));
    }
    Cow::Owned(text)
}

/// Turns the foreign characters of [`text`] into bytes again.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character).checked_sub(FOREIGN) {
            Some(byte @ 0x80..=0xff) => bytes.push(byte as u8),
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// The members of a Perl class, for use inside brackets.
fn perl_class(letter: char) -> Option<&'static str> {
    match letter.to_ascii_lowercase() {
        'd' => Some("0-9"),
        's' => Some(r"\t\n\x0c\r "),
        'w' => Some("0-9A-Za-z_"),
        _ => None,
    }
}

/// Rewrites a pattern from Go's syntax to the regex crate's.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => escape_sequence(&mut rest, &mut out, false),
            '[' => class(&mut rest, &mut out),
            '{' if !is_repetition(&mut rest.clone()) => out.push_str(r"\{"),
            other => out.push(other),
        }
    }
    out
}

/// What follows a backslash, in a class or outside of one.
fn escape_sequence(rest: &mut Peekable<Chars<'_>>, out: &mut String, in_class: bool) {
    let Some(letter) = rest.next() else {
        out.push('\\');
        return;
    };
    match (letter, perl_class(letter)) {
        (_, Some(members)) if letter.is_ascii_uppercase() => out.push_str(&format!("[^{members}]")),
        (_, Some(members)) if in_class => out.push_str(members),
        (_, Some(members)) => out.push_str(&format!("[{members}]")),
        ('b', _) if !in_class => out.push_str(r"(?-u:\b)"),
        ('B', _) if !in_class => out.push_str(r"(?-u:\B)"),
        ('Q', _) if !in_class => {
            let quoted: String = rest.clone().collect();
            let end = quoted.find(r"\E").unwrap_or(quoted.len());
            out.push_str(&regex::escape(&quoted[..end]));
            rest.by_ref()
                .take(quoted[..end].chars().count() + 2)
                .for_each(drop);
        }
        (letter, _) if letter.is_ascii_punctuation() => literal(letter, out),
        (letter, _) => out.extend(['\\', letter]),
    }
}

/// A character that stands for itself.
fn literal(character: char, out: &mut String) {
    if character.is_ascii_punctuation() && character != '_' {
        match character {
            '<' | '>' | '/' | '"' | '\'' | '`' | '@' | '%' | '!' | ',' | ':' | ';' | '=' => {}
            _ => out.push('\\'),
        }
    }
    out.push(character);
}

/// A bracketed class, from behind its `[`. A range's dash is told from a
/// literal one, and what the regex crate reads as a set operation is escaped.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    while let Some(character) = rest.next() {
        match character {
            ']' if !first => {
                out.push(']');
                return;
            }
            '[' if rest.peek() == Some(&':') && posix_class(rest, out) => {}
            '\\' => escape_sequence(rest, out, true),
            other => literal(other, out),
        }
        first = false;
        let mut ahead = rest.clone();
        if ahead.next() == Some('-') && !matches!(ahead.next(), Some(']') | None) {
            rest.next();
            out.push('-');
            match rest.next() {
                Some('\\') => escape_sequence(rest, out, true),
                Some(end) => literal(end, out),
                None => {}
            }
        }
    }
}

/// Copies `:name:]` when it is there; otherwise the bracket is literal.
fn posix_class(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> bool {
    let ahead: String = rest.clone().take(12).collect();
    let Some(end) = ahead.find(":]").filter(|end| *end > 0) else {
        return false;
    };
    out.push('[');
    out.extend(rest.by_ref().take(ahead[..end + 2].chars().count()));
    true
}

/// Whether `{` opens `{n}`, `{n,}` or `{n,m}`.
fn is_repetition(rest: &mut Peekable<Chars<'_>>) -> bool {
    let digits = |rest: &mut Peekable<Chars<'_>>| {
        std::iter::from_fn(|| rest.next_if(char::is_ascii_digit)).count()
    };
    if digits(rest) == 0 {
        return false;
    }
    if rest.next_if_eq(&',').is_some() {
        digits(rest);
    }
    rest.next() == Some('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, subject: &[u8], replacement: &str) -> Result<Vec<u8>, String> {
        Ok(GoRegex::new(pattern)?
            .replace_all(subject, replacement)
            .into_owned())
    }

    #[test]
    fn go_and_rust_agree_where_their_syntax_differs() -> Result<(), String> {
        for (pattern, subject, replacement, want) in [
            (r"\w+", "a_é", "x", "xé"),
            (r"\Q[a+b]\E.", "[a+b]!", "", ""),
            (r"{x}", "a{x}b", "", "ab"),
            (r"a{2}", "aaa", "b", "ba"),
            (r"[[a]", "x[a", "", "x"),
            (r"[a&&b]+", "a&b", "", ""),
            (r"[]a]+", "]a-", "", "-"),
            (r"[+--]+", "+,-.", "", "."),
            (r"[\w.-]+", "lib-1.0/", "", "/"),
            (r"[[:alpha:]\d]+", "a1-", "", "-"),
            (r"^/(s)tore/", "/store/x", "${1}-$1-$$", "s-s-$x"),
            (r"\<", "<a", "", "a"),
            (r"[^\W]+", "ab-", "", "-"),
            (r"\x2fa|\057b", "/a/b", ".", ".."),
        ] {
            let got = replaced(pattern, subject.as_bytes(), replacement)?;
            assert_eq!(String::from_utf8_lossy(&got), want, "{pattern}");
        }
        Ok(())
    }

    #[test]
    fn a_foreign_byte_is_one_character_and_comes_back() -> Result<(), String> {
        assert_eq!(replaced("^/a.b", b"/a\xffb/\xc3\x28", "/")?, b"//\xc3\x28");
        assert_eq!(replaced("x", b"\xf0\x9f", "")?, b"\xf0\x9f");
        Ok(())
    }

    #[test]
    fn a_bad_pattern_gives_one_line() {
        for pattern in ["(", "[a", "a**b(", r"\", r"(?<n", "[b-a]", r"\pX"] {
            let error = GoRegex::new(pattern).err().unwrap_or_default();
            assert!(
                !error.is_empty() && !error.contains('\n'),
                "{pattern}: {error}"
            );
        }
    }
}
