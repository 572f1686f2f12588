//! Regular expressions as Go's regexp package understands them.
//!
//! Takes a pattern in Go's syntax (RE2 with Perl classes) and gives one that
//! the regex crate reads in the same way. The two agree but in corners: Go's
//! `\d \w \s \b` know ASCII only, `\Q…\E` quotes, a brace that is no
//! repetition stands for itself, and a class has no set operations. Names of
//! files are bytes: one that is not UTF-8 counts as one character, as in Go.

mod syntax;
mod watched;

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use syntax::translate;
pub(crate) use watched::WatchedRegex;

/// Where bytes that are not UTF-8 are put while a regex looks at them: blocks
/// of 256 private code points, of which one is taken that the name leaves free.
const FOREIGN_BLOCKS: [u32; 64] = {
    let mut blocks = [0x10_ff00; 64];
    let mut index = 0;
    while index < blocks.len() {
        blocks[index] -= 0x100 * index as u32;
        index += 1;
    }
    blocks
};

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub(crate) struct GoRegex(Regex);

impl GoRegex {
    /// Compiles a pattern; the error is one line.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        RegexBuilder::new(&translate(pattern)?)
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
        self.0.is_match(&text(subject).0)
    }

    /// A replacement text in Go's syntax, as [`GoRegex::replace_all`] takes it.
    /// A name is the longest run of letters, digits and `_` in all of Unicode;
    /// one that is no group stands for nothing, and a `$` without a name for
    /// itself.
    pub(crate) fn template(&self, replacement: &str) -> String {
        let mut template = String::with_capacity(replacement.len());
        let mut rest = replacement;
        while let Some((before, after)) = rest.split_once('$') {
            template.push_str(before);
            let word = |text: &str| {
                let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                end.unwrap_or(text.len())
            };
            let (name, consumed) = match after.strip_prefix('{') {
                None => (&after[..word(after)], word(after)),
                Some(braced) => match braced[word(braced)..].starts_with('}') {
                    true => (&braced[..word(braced)], word(braced) + 2),
                    false => ("", 0),
                },
            };
            rest = &after[consumed..];
            if let Some(dollar) = after.strip_prefix('$') {
                template.push_str("$$");
                rest = dollar;
            } else if name.is_empty() {
                template.push_str("$$");
                rest = after;
            } else if self.has_group(name) {
                template.push_str(&format!("${{{name}}}"));
            }
        }
        template + rest
    }

    /// Whether a group goes by this number, without leading zeros, or name.
    fn has_group(&self, name: &str) -> bool {
        let number = name.parse().ok().filter(|n: &usize| n.to_string() == name);
        number.is_some_and(|number| number < self.0.captures_len())
            || self.0.capture_names().flatten().any(|group| group == name)
    }

    /// Replaces every match by a template.
    pub(crate) fn replace_all<'a>(&self, subject: &'a [u8], template: &str) -> Cow<'a, [u8]> {
        match text(subject) {
            (Cow::Borrowed(text), _) => match self.0.replace_all(text, template) {
                Cow::Borrowed(same) => Cow::Borrowed(same.as_bytes()),
                Cow::Owned(new) => Cow::Owned(new.into_bytes()),
            },
            (Cow::Owned(text), block) => {
                Cow::Owned(bytes(&self.0.replace_all(&text, template), block))
            }
        }
    }
}

/// The subject as text, with each foreign byte as a character of its own, and
/// the block those characters are from.
fn text(subject: &[u8]) -> (Cow<'_, str>, u32) {
    if let Ok(text) = std::str::from_utf8(subject) {
        return (Cow::Borrowed(text), FOREIGN_BLOCKS[0]);
    }
    let in_use = |block: &u32| {
        let mut characters = subject
            .utf8_chunks()
            .flat_map(|chunk| chunk.valid().chars());
        characters.any(|character| u32::from(character) & !0xff == *block)
    };
    let mut blocks = FOREIGN_BLOCKS.into_iter();
    let block = blocks
        .find(|block| !in_use(block))
        .unwrap_or(FOREIGN_BLOCKS[0]);
    let mut text = String::with_capacity(subject.len() + 8);
    for chunk in subject.utf8_chunks() {
        text.push_str(chunk.valid());
        let foreign = chunk.invalid().iter();
        text.extend(foreign.filter_map(|byte| char::from_u32(block + u32::from(*byte))));
    }
    (Cow::Owned(text), block)
}

/// Turns the foreign characters of [`text`] into bytes again.
fn bytes(text: &str, block: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character).checked_sub(block) {
            Some(byte @ 0x80..=0xff) => bytes.push(byte as u8),
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, subject: &[u8], replacement: &str) -> Result<Vec<u8>, String> {
        let regex = GoRegex::new(pattern)?;
        let template = regex.template(replacement);
        Ok(regex.replace_all(subject, &template).into_owned())
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
            (r"\x{65e5}\p{Greek}", "日α", "x", "x"),
            (r"(b)", "abc", "$1ü-${1}ü-$01-$-${1-$$$", "a-bü--$-${1-$$c"),
            (r"(?P<n>b){1,2}?", "abc", "<$n>", "a<b>c"),
            (r"x{,2}", "x{,2}", "y", "y"),
            (r"x{1,", "xx{1,", "y", "xy"),
            (r"\p{^L}+", "a-1b", "", "ab"),
            (r"\P{^L}+", "a-1b", "", "-1"),
            (r"[\p{^L}b]+", "a-1b", "", "a"),
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
        let private = "\u{10fffd}\u{10fefd}x".as_bytes();
        let subject = [private, b"\xfd"].concat();
        assert_eq!(replaced("x", &subject, "x")?, subject);
        Ok(())
    }

    #[test]
    fn a_bad_pattern_gives_one_line() {
        for pattern in [
            "(", "[a", "a**b(", r"\", r"(?<n", "[b-a]", r"\pX", "a{1001}", "a{2}{3}",
        ] {
            let error = GoRegex::new(pattern).err().unwrap_or_default();
            assert!(
                !error.is_empty() && !error.contains('\n'),
                "{pattern}: {error}"
            );
        }
    }
}
