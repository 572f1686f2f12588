//! Nix's case hack: on Darwin, names that differ only in case get a suffix in
//! the store. Takes a name of the store, gives the name that was meant.

use std::borrow::Cow;

/// What Nix puts before a number, to keep names apart.
pub(crate) const MARK: &str = "~nix~case~hack~";

/// A component of a source name as the image has it: on Darwin, Nix marks
/// names that differ only in case with a suffix.
pub(crate) fn image_name(name: &[u8]) -> Cow<'_, [u8]> {
    if cfg!(target_os = "macos") {
        strip_case_hack(name)
    } else {
        name.into()
    }
}

/// Removes every `~nix~case~hack~N`.
fn strip_case_hack(name: &[u8]) -> Cow<'_, [u8]> {
    let mark = MARK.as_bytes();
    let mut kept = Vec::new();
    let mut rest = name;
    while let Some(at) = rest.windows(mark.len()).position(|part| part == mark) {
        let number = &rest[at + mark.len()..];
        let digits = number
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let removed = if digits == 0 { 0 } else { mark.len() + digits };
        let skipped = removed.max(1);
        kept.extend_from_slice(&rest[..at + skipped - removed]);
        rest = &rest[at + skipped..];
    }
    if kept.is_empty() && rest.len() == name.len() {
        return name.into();
    }
    kept.extend_from_slice(rest);
    kept.into()
}

#[cfg(test)]
mod tests {
    use super::strip_case_hack;

    #[test]
    fn the_case_hack_is_removed_wherever_it_stands() {
        for (name, want) in [
            ("README~nix~case~hack~1", "README"),
            ("a~nix~case~hack~12.b~nix~case~hack~3", "a.b"),
            ("~nix~case~hack~7", ""),
            ("a~nix~case~hack~", "a~nix~case~hack~"),
            ("~nix~case~hack~nix~case~hack~1", "~nix~case~hack"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(
                &*strip_case_hack(name.as_bytes()),
                want.as_bytes(),
                "{name}"
            );
        }
    }
}
