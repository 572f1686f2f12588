//! A moment of time, parsed from RFC 3339, or from the seconds since 1970 as
//! `SOURCE_DATE_EPOCH` has them, and written as Go writes it.
//!
//! The text is kept, not the moment: the offset stays as it was given, a zero
//! offset becomes `Z`, and a fraction loses what is beyond nanoseconds and its
//! trailing zeros. That is what a round trip through Go's `time.Time` does.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
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
        let seconds = || digits(text)?.parse().ok().and_then(from_epoch);
        canonical(text)
            .or_else(seconds)
            .map(Timestamp)
            .ok_or_else(|| {
                Error::Value(format!(
                    "`{text}` is not a date and time by RFC 3339, such as 2024-05-13T09:31:10Z, \
                 nor a number of seconds since 1970, such as 1715592670"
                ))
            })
    }
}

/// The text, if it is made of digits and nothing else.
fn digits(text: &str) -> Option<&str> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(text)
}

/// The date that is so many seconds after the start of 1970. None beyond the
/// year 9999, which RFC 3339 cannot write.
fn from_epoch(seconds: u64) -> Option<String> {
    let (mut day, second) = (seconds / 86400, seconds % 86400);
    let mut year = 1970;
    let mut month = 1;
    while year < 10_000 {
        let days = u64::from(days(year, month)?);
        if day < days {
            let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
            return Some(format!(
                "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
                day + 1
            ));
        }
        day -= days;
        (year, month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
    }
    None
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
        deserializer.deserialize_any(TextOrSeconds)
    }
}

/// A date is a text; seconds may be a number too.
struct TextOrSeconds;

impl Visitor<'_> for TextOrSeconds {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date and time by RFC 3339, or a number of seconds since 1970")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
        self.visit_str(&seconds.to_string())
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
    fn seconds_are_a_date() {
        for (text, want) in [
            ("0", "1970-01-01T00:00:00Z"),
            ("68169599", "1972-02-28T23:59:59Z"),
            ("951782400", "2000-02-29T00:00:00Z"),
            ("001715592670", "2024-05-13T09:31:10Z"),
            ("4107542399", "2100-02-28T23:59:59Z"),
            ("4107542400", "2100-03-01T00:00:00Z"),
            ("253402300799", "9999-12-31T23:59:59Z"),
        ] {
            assert!(
                matches!(text.parse::<Timestamp>(), Ok(Timestamp(date)) if date == want),
                "{text}"
            );
        }
        for text in [
            "",
            "-1",
            "+1",
            "1.5",
            "253402300800",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
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
