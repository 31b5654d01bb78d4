//! Findings about a text that may hold secrets which nobody knows yet, so that no masker can cover them.

use super::{Code, Diagnostic};

impl Diagnostic {
    /// The same finding with words that hold nothing of the text it is about, and a place without an excerpt.
    #[must_use]
    pub fn withheld(mut self) -> Self {
        let name = self.place.as_ref().map(|place| place.source.name());
        let is_json = name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".json"));
        let words = match self.code {
            Code::YamlSyntax if is_json => Some(NOT_JSON),
            code => words(code),
        };
        if let Some((message, help)) = words {
            message.clone_into(&mut self.message);
            self.help = Some(help.to_owned());
        }
        self.label = None;
        if let Some(place) = &mut self.place {
            place.source = place.source.withheld();
        }
        self
    }
}

/// The same of a file that is meant to be JSON.
const NOT_JSON: (&str, &str) = (
    "this is not JSON",
    "look for a quote, a bracket or a comma that is missing, or for one too many",
);

/// What is wrong and what to do, for the kinds of findings whose messages show what was read.
fn words(code: Code) -> Option<(&'static str, &'static str)> {
    match code {
        Code::YamlSyntax => Some((
            "this is not YAML",
            "put texts with special characters in quotes, and look for a quote or bracket that is not closed",
        )),
        Code::YamlFeature => Some((
            "a part of YAML stands here that is not used here, such as a tag, an anchor or an alias",
            "put the value in quotes if it is text",
        )),
        Code::AmbiguousScalar => Some((
            "what stands here without quotes is not the same to all readers of YAML",
            "put it in quotes if it is text",
        )),
        Code::DuplicateKey => Some((
            "a key stands here for the second time",
            "keep one of the two",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;
    use crate::source::Source;

    /// The first part of what a reader of YAML objects to is the secret.
    #[test]
    fn nothing_of_the_text_is_left() {
        let texts = [
            "pin: 00s3cret",
            "pin: 0o7s3cret",
            "pin: @s3cret",
            "pin: \"s3cret",
            "pin: s3cret: b",
            "pin: s3cret\npin: 2",
            "s3cret: 1\ns3cret: 2",
            "pin: !s3cret a",
            "pin: &s3cret a",
            "pin: *s3cret",
            "pin: {{ s3cret }}",
            "pin: 'a' s3cret",
            "pin: [s3cret",
            "{\"pin\": s3cret: 1}",
            "s3cret",
            "pin:\n\ts3cret",
            "pin: |\n s3cret\n  \n b: s3cret\nx",
            "pin: a\n- s3cret",
            "? [s3cret]\n: 1",
        ];
        let mut refused = 0;
        for text in texts {
            let Err(findings) = document::read(&Source::new("in.yaml", text)) else {
                continue;
            };
            refused += 1;
            for finding in findings {
                let place = finding.place.clone();
                let withheld = finding.withheld();
                assert_eq!(
                    withheld.place.as_ref().map(ToString::to_string),
                    place.as_ref().map(ToString::to_string)
                );
                let shown = crate::diagnostic::render::human(
                    std::slice::from_ref(&withheld),
                    crate::diagnostic::render::Look::default(),
                );
                assert!(!shown.contains("s3cret"), "{text}\n{shown}");
                assert!(words(withheld.code).is_some(), "{text}: {}", withheld.code);
            }
        }
        assert!(refused > 12, "{refused} are refused");
    }

    #[test]
    fn json_is_called_json() {
        let message = |name: &str| {
            let findings = document::read(&Source::new(name, "{\"pin\": [s3cret")).unwrap_err();
            findings.into_iter().next().unwrap().withheld().message
        };
        assert_eq!(message("in.JSON"), "this is not JSON");
        assert_eq!(message("in.yaml"), "this is not YAML");
    }
}
