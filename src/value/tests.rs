use super::*;

#[test]
fn digits_survive_reading_and_writing() {
    for text in [
        "10000.10",
        "12345678901234567890123",
        "1e400",
        "-0.0",
        "0",
        "12e5",
        "9007199254740993",
    ] {
        let json = format!(r#"{{"a b":[{text}]}}"#);
        assert_eq!(Value::from_json_text(&json).unwrap().to_json_text(), json);
    }
}

#[test]
fn only_json_numbers_are_numbers() {
    for text in [
        "+5", "05", ".5", "5.", "0x1F", "1_000", "NaN", "", "-", " 5", "5 ",
    ] {
        assert_eq!(Number::parse(text), None, "{text:?}");
    }
    assert!(Number::parse("-5.25e-3").is_some());
}

#[test]
fn a_number_beyond_floats_keeps_its_type_for_schemas() {
    assert!(Number::parse("1e400").unwrap().to_json().is_f64());
    assert!(!Number::parse("10000.10").unwrap().is_exact());
    assert!(Number::parse("10000.1").unwrap().is_exact());
}

#[test]
fn deep_nesting_is_refused_not_overflowed() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(Value::from_json_text(&deep).is_err());
}

#[test]
fn reads_what_the_library_reads() {
    for text in [
        r#"{"a":1,"b":[ ],"c":{ },"d":[1 , -2.50,{"e":"x\"y\\"}],"a":2}"#,
        " [ true , false,null , \"\\u00e9\\n\", \"ñ\" ] ",
        "\"\\\\\"",
        "-0",
        "[[],[[]],{}]",
    ] {
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            Value::from_json_text(text).unwrap().to_json(),
            theirs,
            "{text}"
        );
    }
    for text in [
        "",
        "[1,]",
        "{\"a\"}",
        "[1 2]",
        r#""\ud800""#,
        "{,}",
        "tru",
        "1 1",
    ] {
        assert!(Value::from_json_text(text).is_err(), "{text}");
    }
}

#[test]
fn scalars_become_text_digit_for_digit() {
    let value = Value::from_json_text(r#"{"a":10000.10,"b":[true,null,"x"]}"#).unwrap();
    assert_eq!(
        value.with_scalars_as_text().to_json_text(),
        r#"{"a":"10000.10","b":["true",null,"x"]}"#
    );
}
