//! An answer inside an event: an object or a list as it stands, any other as text. Its marks need no escapes then,
//! in the journal neither, and can be looked into: `body ->> '$.answer.data'`.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
use serde_json::value::RawValue;

#[expect(clippy::ref_option, reason = "serde calls it with such a reference")]
pub(super) fn serialize<S: Serializer>(
    answer: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let text = answer.as_deref().unwrap_or_default();
    if text.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str::<&RawValue>(text)
        && json.get() == text
    {
        return json.serialize(serializer);
    }
    serializer.serialize_str(text)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = raw.get();
    if text.starts_with('"') {
        return serde_json::from_str(text)
            .map(Some)
            .map_err(D::Error::custom);
    }
    Ok((text != "null").then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Holds {
        #[serde(skip_serializing_if = "Option::is_none", default, with = "super")]
        answer: Option<String>,
    }

    #[test]
    fn an_answer_comes_back_byte_for_byte() {
        for answer in [
            r#"{"code":200, "n": 10000.10,"ñ":"\u00e9\n"}"#,
            "[ ]",
            "{\"cut\": ",
            "<html>\n\"x\"",
            "null",
            "7",
            "\"text\"",
            "",
            " {}",
            "{}\n",
        ] {
            let holds = Holds {
                answer: Some(answer.to_owned()),
            };
            let json = serde_json::to_string(&holds).unwrap();
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert!(value["answer"].is_string() || answer.starts_with(['{', '[']));
            assert_eq!(
                serde_json::from_str::<Holds>(&json).unwrap(),
                holds,
                "{json}"
            );
        }
        let none = Holds { answer: None };
        assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Holds>("{}").unwrap(), none);
    }
}
