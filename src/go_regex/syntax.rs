//! The syntax of regular expressions, from Go's to the regex crate's.
//!
//! Takes a pattern and gives one that means the same. It is read character by
//! character; what only Go refuses is refused here, all else is left to the
//! regex crate.

use std::iter::Peekable;
use std::str::Chars;

/// The members of a Perl class, for use inside brackets.
fn perl_class(letter: char) -> Option<&'static str> {
    match letter.to_ascii_lowercase() {
        'd' => Some("0-9"),
        's' => Some(r"\t\n\x0c\r "),
        'w' => Some("0-9A-Za-z_"),
        _ => None,
    }
}

/// The most that Go lets a repetition count.
const MAX_REPETITION: u32 = 1000;

/// Rewrites a pattern from Go's syntax to the regex crate's.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars().peekable();
    let mut repeated = false;
    while let Some(character) = rest.next() {
        let repetition = match character {
            '{' => repetition(&mut rest.clone())?,
            '*' | '+' | '?' => Some(String::new()),
            _ => None,
        };
        let Some(count) = repetition else {
            match character {
                '\\' => escape_sequence(&mut rest, &mut out, false),
                '[' => class(&mut rest, &mut out),
                '(' if rest.next_if_eq(&'?').is_some() => out.push_str("(?"),
                '{' => out.push_str(r"\{"),
                other => out.push(other),
            }
            repeated = false;
            continue;
        };
        if repeated {
            return Err("a repetition cannot be repeated".to_owned());
        }
        out.push(character);
        out.push_str(&count);
        rest.by_ref().take(count.chars().count()).for_each(drop);
        out.extend(rest.next_if_eq(&'?'));
        repeated = true;
    }
    Ok(out)
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
        ('x' | 'p' | 'P', _) => {
            let mut braced = rest.next_if_eq(&'{').is_some();
            // Only Go has `\p{^Greek}`, which is `\P{Greek}`.
            let turned = braced && letter != 'x' && rest.next_if_eq(&'^').is_some();
            out.extend(['\\', letter_of_class(letter, turned)]);
            out.extend(braced.then_some('{'));
            out.extend(std::iter::from_fn(|| {
                let next = rest.next_if(|_| braced);
                braced = next != Some('}');
                next
            }));
        }
        (letter, _) if letter.is_ascii_punctuation() => literal(letter, out),
        (letter, _) => out.extend(['\\', letter]),
    }
}

/// The letter of a Unicode class, or of its opposite.
fn letter_of_class(letter: char, turned: bool) -> char {
    match (letter, turned) {
        ('p', true) => 'P',
        (_, true) => 'p',
        (same, false) => same,
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

/// What stands behind the `{` of `{n}`, `{n,}` or `{n,m}`, to its end; None
/// when the brace opens none of them and so is a character like others.
fn repetition(rest: &mut Peekable<Chars<'_>>) -> Result<Option<String>, String> {
    let mut closed = false;
    let until_closed = |character: &char| {
        closed = *character == '}';
        !closed
    };
    let text: String = rest.take_while(until_closed).collect();
    let (least, most) = text.split_once(',').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !closed || least.is_empty() || !digits(least) || !digits(most) {
        return Ok(None);
    }
    let too_many = |count: &str| {
        !count
            .parse()
            .is_ok_and(|count: u32| count <= MAX_REPETITION)
    };
    if too_many(least) || !most.is_empty() && too_many(most) {
        return Err(format!("a repetition of more than {MAX_REPETITION}"));
    }
    Ok(Some(text + "}"))
}
