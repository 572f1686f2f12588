//! File capabilities: what a program may do without its caller being root.
//!
//! Takes text in the form of cap_from_text(3), such as
//! `cap_net_bind_service=+ep`, and gives the bytes of the extended attribute
//! `security.capability`: version 2 of the kernel's `vfs_cap_data`
//! (linux/capability.h). The text is kept, for it is written to the layer JSON.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// The kernel's names without `cap_`, by their numbers.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// `VFS_CAP_REVISION_2` and `VFS_CAP_FLAGS_EFFECTIVE`.
const REVISION: u32 = 0x0200_0000;
const EFFECTIVE: u32 = 1;

/// The bytes of the attribute: the revision, and two pairs of words.
pub(crate) const ATTRIBUTE: usize = 20;

/// The capabilities of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    text: String,
    attribute: [u8; ATTRIBUTE],
}

impl Capabilities {
    /// The bytes of the file's attribute `security.capability`.
    pub fn attribute(&self) -> &[u8] {
        &self.attribute
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Capabilities {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut sets = Sets::default();
        let mut clauses = text.split_ascii_whitespace().peekable();
        if clauses.peek().is_none() {
            return Err(bad(text, "it is empty"));
        }
        for clause in clauses {
            sets.apply(clause).map_err(|reason| bad(text, &reason))?;
        }
        let granted = sets.permitted | sets.inheritable;
        if sets.effective != 0 && sets.effective != granted {
            let reason = "a file has `e` for all of its capabilities or for none";
            return Err(bad(text, reason));
        }
        Ok(Capabilities {
            text: text.to_owned(),
            attribute: sets.attribute(),
        })
    }
}

/// A bit for each capability in each of the three sets.
#[derive(Default)]
struct Sets {
    effective: u64,
    inheritable: u64,
    permitted: u64,
}

impl Sets {
    /// Applies a list of names and what is done with them, such as `a,b=ep+i`.
    fn apply(&mut self, clause: &str) -> Result<(), String> {
        let operators = ['=', '+', '-'];
        let missing = || format!("`{clause}` does not say what is done, as `=+ep` does");
        let at = clause.find(operators).ok_or_else(missing)?;
        let (names, mut actions) = clause.split_at(at);
        let mask = match names {
            "" if actions.starts_with('=') => all(),
            names => named(names)?,
        };
        while let Some(operator) = actions.chars().next() {
            let rest = &actions[1..];
            let (flags, next) = rest.split_at(rest.find(operators).unwrap_or(rest.len()));
            if operator == '=' {
                self.change(mask, "eip", false)?;
            }
            self.change(mask, flags, operator != '-')?;
            actions = next;
        }
        Ok(())
    }

    fn change(&mut self, mask: u64, flags: &str, raise: bool) -> Result<(), String> {
        for flag in flags.chars() {
            let set = match flag {
                'e' => &mut self.effective,
                'i' => &mut self.inheritable,
                'p' => &mut self.permitted,
                _ => return Err(format!("`{flag}` is none of `e`, `i` and `p`")),
            };
            match raise {
                true => *set |= mask,
                false => *set &= !mask,
            }
        }
        Ok(())
    }

    fn attribute(&self) -> [u8; ATTRIBUTE] {
        let flags = if self.effective == 0 { 0 } else { EFFECTIVE };
        let words = [
            REVISION | flags,
            self.permitted as u32,
            self.inheritable as u32,
            (self.permitted >> 32) as u32,
            (self.inheritable >> 32) as u32,
        ];
        let mut bytes = [0; ATTRIBUTE];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

fn all() -> u64 {
    (1 << NAMES.len()) - 1
}

/// The bits of names between commas.
fn named(names: &str) -> Result<u64, String> {
    let mut mask = 0;
    for name in names.split(',') {
        let lower = name.to_ascii_lowercase();
        let short = lower.strip_prefix("cap_");
        mask |= match NAMES.iter().position(|known| short == Some(*known)) {
            Some(number) => 1 << number,
            None if lower == "all" => all(),
            None => return Err(format!("`{name}` is no capability")),
        };
    }
    Ok(mask)
}

fn bad(text: &str, reason: &str) -> Error {
    Error::Value(format!(
        "the capability `{text}` is not valid: {reason}; write it as `cap_net_bind_service=+ep`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex_of(text: &str) -> Result<String> {
        Ok(hex::encode(text.parse::<Capabilities>()?.attribute()))
    }

    /// What setcap of libcap 2.66 writes for these texts.
    #[test]
    fn the_bytes_are_those_of_setcap() -> Result<()> {
        for (text, want) in [
            (
                "cap_net_bind_service=+ep",
                "0100000200040000000000000000000000000000",
            ),
            (
                "cap_net_raw,cap_net_admin=ep",
                "0100000200300000000000000000000000000000",
            ),
            (
                "CAP_CHOWN=p cap_bpf+i",
                "0000000201000000000000000000000080000000",
            ),
            (
                "all=ep cap_chown-ep",
                "01000002feffffff00000000ff01000000000000",
            ),
            ("=ep", "01000002ffffffff00000000ff01000000000000"),
            ("cap_kill=", "0000000200000000000000000000000000000000"),
        ] {
            assert_eq!(hex_of(text)?, want, "{text}");
        }
        Ok(())
    }

    #[test]
    fn what_is_no_capability_is_refused() {
        for (text, reason) in [
            ("", "empty"),
            ("cap_net_raw", "does not say what is done"),
            ("cap_nothing=ep", "`cap_nothing` is no capability"),
            ("net_raw=ep", "`net_raw` is no capability"),
            ("+ep", "`` is no capability"),
            ("cap_kill=x", "`x` is none of"),
            ("cap_kill=é", "`é` is none of"),
            ("cap_kill=ep cap_chown=p", "for all of its capabilities"),
            ("cap_kill=e", "for all of its capabilities"),
        ] {
            let error = hex_of(text).err().map(|error| error.to_string());
            assert!(error.is_some_and(|error| error.contains(reason)), "{text}");
        }
    }
}
