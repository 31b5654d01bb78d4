//! `pattern: \S` (a text that is not blank) without a regular expression. Nearly every schema here says so, and to
//! compile that expression costs a short run more time and memory than all the rest of its schemas. It is stricter:
//! what nobody can see, such as a zero width space, is blank too.
//!
//! In the same way `pattern: ^\S([\s\S]*\S)?$`, for ids: neither before nor behind such a text stands white space,
//! since `"64cb\n"` is another record than `"64cb"`, or none.

use jsonschema::ValidationOptions;
use serde_json::Value as Json;

use super::keyword::Asks;
use super::lint::{self, Below};
use super::node::Values;
use crate::value::{is_blank, shows_nothing};

/// What stands for it in the schema that is compiled: no schema can hold this keyword by itself, since it is not
/// one of the draft and does not begin with `x-`.
pub(super) const KEYWORD: &str = "not blank";

/// The pattern that it stands for.
pub(super) const PATTERN: &str = r"\S";

/// The same for texts without white space around them.
pub(super) const BARE_KEYWORD: &str = "without white space around it";

/// The pattern that it stands for.
pub(super) const BARE_PATTERN: &str = r"^\S([\s\S]*\S)?$";

/// Whether a text is not blank, and has no white space before or behind it, nor what passes for some.
fn is_bare(text: &str) -> bool {
    !is_blank(text) && !text.starts_with(shows_nothing) && !text.ends_with(shows_nothing)
}

/// The options, knowing both keywords.
pub(super) fn with_not_blank<R>(
    options: ValidationOptions<'_, R, Values>,
) -> ValidationOptions<'_, R, Values> {
    options
        .with_keyword(KEYWORD, |_, _, _| {
            Ok(Box::new(Asks {
                keyword: KEYWORD,
                holds: |value| value.as_text().is_none_or(|text| !is_blank(text)),
            }))
        })
        .with_keyword(BARE_KEYWORD, |_, _, _| {
            Ok(Box::new(Asks {
                keyword: BARE_KEYWORD,
                holds: |value| value.as_text().is_none_or(is_bare),
            }))
        })
}

/// The keyword that stands for a pattern.
fn keyword_for(pattern: &Json) -> Option<&'static str> {
    match pattern.as_str() {
        Some(PATTERN) => Some(KEYWORD),
        Some(BARE_PATTERN) => Some(BARE_KEYWORD),
        _ => None,
    }
}

/// Whether a schema, as it was written, is one of an id.
pub(super) fn is_of_id(schema: &Json) -> bool {
    let pattern = schema.get("pattern").and_then(Json::as_str);
    pattern == Some(BARE_PATTERN)
}

/// Puts the keywords into a schema in place of their patterns, wherever a schema stands in it.
pub(super) fn put_into(schema: &mut Json) {
    let Json::Object(keywords) = schema else {
        return;
    };
    if let Some(stands_for_it) = keywords.get("pattern").and_then(keyword_for) {
        // In its place, since what is wrong is told in the order of the keywords.
        let all = std::mem::take(keywords).into_iter();
        *keywords = all
            .map(|(keyword, value)| match keyword.as_str() {
                "pattern" => (stands_for_it.to_owned(), true.into()),
                _ => (keyword, value),
            })
            .collect();
    }
    for (keyword, value) in keywords {
        match (lint::below(keyword), value) {
            (Some(Below::Schema), schema) => put_into(schema),
            (Some(Below::List), Json::Array(schemas)) => schemas.iter_mut().for_each(put_into),
            (Some(Below::Named), Json::Object(schemas)) => {
                schemas.values_mut().for_each(put_into);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blank_is_what_the_pattern_takes_for_blank() {
        let by_pattern = jsonschema::options()
            .build(&json!({ "pattern": PATTERN }))
            .unwrap();
        let characters = (0..=u32::from(char::MAX)).filter_map(char::from_u32);
        for character in characters {
            let text = character.to_string();
            // It sees through what cannot be seen, and an id that cannot be seen is no id.
            assert!(
                is_blank(&text) || by_pattern.is_valid(&json!(text)),
                "{character:?}"
            );
            if character.is_alphanumeric()
                && !"\u{115f}\u{1160}\u{3164}\u{ffa0}".contains(character)
            {
                assert!(!is_blank(&text), "{character:?}");
            }
        }
        for blank in [
            "",
            " \t\n",
            "\u{200b}",
            "\0",
            "\u{ad}\u{2060} ",
            "\u{3164}",
            "\u{feff}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for shown in [" \u{a0}ñ ", "a\u{200b}", "-", "👩\u{200d}💻"] {
            assert!(!is_blank(shown), "{shown:?}");
        }
    }

    #[test]
    fn bare_is_what_the_pattern_takes_for_bare() {
        let by_pattern = jsonschema::options()
            .build(&json!({ "pattern": BARE_PATTERN }))
            .unwrap();
        for text in [
            "64cb",
            "a",
            "a b",
            "a\nb",
            "ñ",
            "",
            " ",
            "64cb\n",
            "64cb\r\n",
            " 64cb",
            "\ta",
            "a\u{a0}",
            "\u{feff}a",
        ] {
            assert!(
                !is_bare(text) || by_pattern.is_valid(&json!(text)),
                "{text:?}"
            );
            if !text.contains('\u{feff}') {
                assert_eq!(is_bare(text), by_pattern.is_valid(&json!(text)), "{text:?}");
            }
        }
        for text in ["64cb\u{200b}", "\u{ad}64cb", "\u{2800}64cb", "64cb\0"] {
            assert!(!is_bare(text), "{text:?}");
        }
        assert!(is_bare("64\u{200b}cb"));
    }

    #[test]
    fn only_schemas_are_changed() {
        let mut schema = json!({
            "pattern": PATTERN,
            "const": { "pattern": PATTERN },
            "x-own": { "pattern": PATTERN },
            "properties": { "pattern": { "pattern": PATTERN }, "other": { "pattern": "^a" } },
            "anyOf": [{ "not": { "pattern": PATTERN } }, true],
        });
        put_into(&mut schema);
        let expected = json!({
            "const": { "pattern": PATTERN },
            "x-own": { "pattern": PATTERN },
            "properties": { "pattern": { "not blank": true }, "other": { "pattern": "^a" } },
            "anyOf": [{ "not": { "not blank": true } }, true],
            "not blank": true,
        });
        assert_eq!(schema, expected);
        let mut schema = json!({ "minLength": 2, "pattern": PATTERN, "maxLength": 3 });
        put_into(&mut schema);
        let keywords: Vec<&String> = schema.as_object().unwrap().keys().collect();
        assert_eq!(keywords, ["minLength", KEYWORD, "maxLength"]);
    }
}
