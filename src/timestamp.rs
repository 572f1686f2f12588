//! A moment of time, parsed from RFC 3339 and written as Go writes it.
//!
//! The text is kept, not the moment: the offset stays as it was given, a zero
//! offset becomes `Z`, and a fraction loses what is beyond nanoseconds and its
//! trailing zeros. That is what a round trip through Go's `time.Time` does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// A date and time with an offset from UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp(String);

impl Default for Timestamp {
    /// Go's zero time, which stands for "no date": 0001-01-01T00:00:00Z.
    fn default() -> Self {
        Timestamp("0001-01-01T00:00:00Z".to_owned())
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        canonical(text).map(Timestamp).ok_or_else(|| {
            Error::Value(format!(
                "`{text}` is not a date and time by RFC 3339, such as 2024-05-13T09:31:10Z"
            ))
        })
    }
}

/// Checks every field and gives the text as Go would write it.
fn canonical(text: &str) -> Option<String> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let template = "dddd-dd-ddTdd:dd:dd".bytes();
    let matches = |(byte, pattern): (u8, u8)| match pattern {
        b'd' => byte.is_ascii_digit(),
        literal => byte == literal,
    };
    if !seconds.bytes().zip(template).all(matches) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| seconds[range].parse::<u32>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if hour > 23 || minute > 59 || second > 59 || !(1..=days(year, month)?).contains(&day) {
        return None;
    }
    let (fraction, offset) = match rest.strip_prefix('.') {
        None => (String::new(), rest),
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let digits = rest.get(..end).filter(|digits| !digits.is_empty())?;
            let kept = digits.get(..9).unwrap_or(digits).trim_end_matches('0');
            let dot = if kept.is_empty() { "" } else { "." };
            (format!("{dot}{kept}"), &rest[end..])
        }
    };
    Some(format!("{seconds}{fraction}{}", canonical_offset(offset)?))
}

fn canonical_offset(offset: &str) -> Option<&str> {
    if offset == "Z" {
        return Some(offset);
    }
    let [b'+' | b'-', h1, h2, b':', m1, m2] = offset.as_bytes() else {
        return None;
    };
    if ![h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match (&offset[1..3], &offset[4..6]) {
        ("00", "00") => Some("Z"),
        (hours, minutes) if hours < "24" && minutes < "60" => Some(offset),
        _ => None,
    }
}

/// The number of days of a month in the Gregorian calendar.
fn days(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_is_what_go_makes_of_it() {
        for (text, want) in [
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2024-02-29T23:59:59+02:00", "2024-02-29T23:59:59+02:00"),
            ("2024-05-13T09:31:10.120Z", "2024-05-13T09:31:10.12Z"),
            ("2024-05-13T09:31:10.000-00:00", "2024-05-13T09:31:10Z"),
            (
                "2024-05-13T09:31:10.1234567899Z",
                "2024-05-13T09:31:10.123456789Z",
            ),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(want));
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "now",
            "2024-05-13",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-05-13T24:00:00Z",
            "2024-05-13T09:31:10",
            "2024-05-13 09:31:10Z",
            "2024-05-13T09:31:10.Z",
            "2024-05-13T09:31:10.5",
            "2024-05-13T09:31:10+24:00",
            "2024-05-13T09:31:1é0Z",
            "2024-05-13T09:31:10+1é:00",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
