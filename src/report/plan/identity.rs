//! What a plan was made of, as digests: whether something has changed since can be told, what it was cannot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::attachment::{Attachment, hex};

/// How often a digest of an input is digested again: guessing a short secret from a plan is to be slow.
const ROUNDS: usize = 5_000;

/// What makes the digests of two plans differ though their inputs do not: no table made beforehand helps to guess.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Salt(String);

impl Salt {
    /// A salt from something that does not come twice.
    pub fn new(unique: &str) -> Self {
        Self(hex(&Sha256::digest(unique)))
    }

    /// The digest of a text under this salt, in hexadecimal.
    pub fn digest(&self, text: &str) -> String {
        let keyed = |part: &[u8]| {
            let mut digest = Sha256::new();
            digest.update(b"voxplay plan input 1");
            digest.update(self.0.as_bytes());
            digest.update(part);
            digest.finalize()
        };
        let mut digest = keyed(text.as_bytes());
        for _ in 0..ROUNDS {
            digest = keyed(&digest);
        }
        hex(&digest)
    }
}

/// What a plan was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of voxplay.
    pub voxplay: String,
    /// SHA-256 of the playbook's text.
    pub playbook: String,
    /// The playbooks that it uses, by path: SHA-256 of their texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used: BTreeMap<String, String>,
    /// What `--tags` chose by.
    pub tags: Vec<String>,
    /// Where it goes.
    pub target: TargetIdentity,
    /// The time zone of dates.
    pub timezone: String,
    /// What the digests of inputs are keyed with.
    pub salt: Salt,
    /// Inputs by name: keyed digests of their values.
    pub inputs: BTreeMap<String, String>,
    /// Actions by name: SHA-256 of what describes them.
    pub actions: BTreeMap<String, String>,
    /// Attached files by their path in the playbook.
    pub attachments: BTreeMap<String, FileIdentity>,
    /// Files of rows by their path in the playbook.
    pub data: BTreeMap<String, FileIdentity>,
}

/// Where a plan goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetIdentity {
    /// The target's name.
    pub name: String,
    /// Scheme, host and port; `sandbox` for the CRM that is emulated inside the run, whose port differs each time.
    pub server: String,
    /// The customer's CRM operation (tenant).
    pub operation: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Bytes.
    pub size: u64,
    /// What its name's extension suggests.
    pub media_type: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl From<&Attachment> for FileIdentity {
    fn from(file: &Attachment) -> Self {
        Self {
            size: file.size(),
            media_type: file.media_type().to_owned(),
            sha256: file.sha256_hex(),
        }
    }
}

impl Identity {
    /// Everything that is not as it was, each in a sentence without a full stop.
    pub fn drift(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut told = |what: &str, then: &str, now: &str| {
            if then != now {
                found.push(format!("{what} was {then} and is {now}"));
            }
        };
        told("the version of voxplay", &self.voxplay, &now.voxplay);
        told(
            "the name of the target",
            &self.target.name,
            &now.target.name,
        );
        told(
            "the target's server",
            &self.target.server,
            &now.target.server,
        );
        told(
            "the target's operation",
            &self.target.operation,
            &now.target.operation,
        );
        told("the time zone", &self.timezone, &now.timezone);
        let tags = |tags: &[String]| match tags {
            [] => "none".to_owned(),
            tags => tags.join(","),
        };
        told("--tags", &tags(&self.tags), &tags(&now.tags));
        if self.playbook != now.playbook {
            found.push("the playbook has changed".to_owned());
        }
        compare("the used playbook", &self.used, &now.used, &mut found);
        compare("the input", &self.inputs, &now.inputs, &mut found);
        compare("the action", &self.actions, &now.actions, &mut found);
        compare(
            "the attachment",
            &self.attachments,
            &now.attachments,
            &mut found,
        );
        compare("the data file", &self.data, &now.data, &mut found);
        found
    }
}

fn compare<T: PartialEq>(
    what: &str,
    then: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
    found: &mut Vec<String>,
) {
    for (name, old) in then {
        match now.get(name) {
            Some(new) if new == old => {}
            Some(_) => found.push(format!("{what} {name} has changed")),
            None => found.push(format!("{what} {name} is gone")),
        }
    }
    for name in now.keys().filter(|name| !then.contains_key(*name)) {
        found.push(format!("{what} {name} is new"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_the_salt_and_is_not_the_plain_one() {
        let (one, other) = (Salt::new("a"), Salt::new("b"));
        assert_eq!(one.digest("x"), one.digest("x"));
        assert_ne!(one.digest("x"), other.digest("x"));
        assert_ne!(one.digest("x"), hex(&Sha256::digest("x")));
    }
}
