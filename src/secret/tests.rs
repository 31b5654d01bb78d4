use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// True if some stretch of `masked` that is not a mask still holds `form`.
fn shows(masked: &str, form: &str) -> bool {
    masked.split(MASK).any(|piece| piece.contains(form))
}

fn masker(secret: &str) -> Masker {
    Masker::new([secret])
}

#[test]
fn debug_shows_neither_secret_nor_its_forms() {
    let secret = Secret::from("made-up-token");
    assert_eq!(format!("{secret:?}"), "Secret(***)");
    assert_eq!(format!("{:?}", Masker::new([&secret])), "Masker(***)");
}

#[test]
fn nothing_to_mask_changes_nothing() {
    assert!(Masker::none().is_empty());
    assert!(masker("").is_empty());
    assert!(matches!(
        masker("").mask("any text"),
        Cow::Borrowed("any text")
    ));
    assert!(matches!(
        masker("tok").mask("any text"),
        Cow::Borrowed("any text")
    ));
}

#[test]
fn basic_authorization_loses_the_characters_of_the_secret_alone() {
    // "usr:" is 4 bytes, so the secret starts in the middle of a group of three.
    let header = STANDARD.encode("usr:made-up-token");
    assert_eq!(masker("made-up-token").mask(&header), "dXNyOm***");
    // At another place the first bits share a character with the text before.
    assert_eq!(
        masker("made-up-token").mask(&STANDARD.encode("us:made-up-token!!")),
        "dXM6***iEh"
    );
}

#[test]
fn php_json_shell_and_form_spellings_are_masked() {
    let masker = masker("a/é'b c");
    for text in [
        r"a\/\u00e9'b c",
        r"a\/\u00E9\u0027b c",
        "a%2Fé%27b%20c",
        "a%2f%c3%a9%27b+c",
        r"a/é'\''b c",
        r#"a/é'"'"'b c"#,
    ] {
        assert_eq!(masker.mask(text), MASK, "{text}");
    }
}

#[test]
fn overlapping_secrets_leave_no_tail() {
    let masker = Masker::new(["ab", "bcdefgh", "cd"]);
    assert_eq!(masker.mask("xabcdefghy"), "x***y");
    assert_eq!(masker.mask("ab cd"), "*** ***");
    assert_eq!(masker.mask("abab"), "******");
    assert_eq!(Masker::new(["aa"]).mask("aaa"), "***");
}

#[test]
fn short_derived_forms_are_not_looked_for() {
    // The base64 of "a" is "YQ": masking that would tear ordinary words.
    assert_eq!(masker("a").mask("SYQL"), "SYQL");
}

#[test]
fn json_keys_texts_and_numbers_are_masked_and_no_entry_is_lost() {
    let value = json!({"k 4711": {"list": ["x4711y", 14711, 3, true, null]}, "k 4711 ": 1, "4711": 1, "***": 2});
    let mut value = crate::value::Value::from(value);
    Masker::new(["4711", "k 4711 "]).mask_value(&mut value);
    assert_eq!(
        value.to_json(),
        json!({"***": {"list": ["x***y", "***", 3, true, null]}, "*** (2)": 1, "*** (3)": 1, "*** (4)": 2})
    );
}

/// `\uXXXX` for every UTF-16 unit beyond ASCII, as PHP and Python write it, in either case.
fn ascii_json(text: &str, upper: bool) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let escaped = serde_escaped(&c.to_string());
        if c.is_ascii() && !escaped.starts_with("\\u") {
            out.push_str(&escaped);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str("\\u");
            let digits = format!("{unit:04x}");
            out.push_str(&if upper { digits.to_uppercase() } else { digits });
        }
    }
    out
}

fn serde_escaped(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap();
    json[1..json.len() - 1].to_owned()
}

/// Every byte but those of `plain` as `%XX`.
fn percent(text: &str, plain: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::new(), |out, byte| {
        if plain(byte) {
            out + std::str::from_utf8(&[byte]).unwrap()
        } else {
            format!("{out}%{byte:02X}")
        }
    })
}

/// WHATWG URL, `application/x-www-form-urlencoded`.
fn form_encoded(text: &str) -> String {
    percent(text, |byte| {
        byte.is_ascii_alphanumeric() || b"*-._ ".contains(&byte)
    })
    .replace(' ', "+")
}

/// WHATWG URL, the query of an http address.
fn query_encoded(text: &str) -> String {
    percent(text, |byte| {
        byte.is_ascii_graphic() && !b"\"#<>'".contains(&byte)
    })
}

type Encoder<'e> = &'e dyn Fn(&str) -> String;

fn strategy() -> impl Strategy<Value = (String, String, String)> {
    let any_text =
        |range| proptest::collection::vec(any::<char>(), range).prop_map(String::from_iter);
    // Any unicode rarely hits the characters that encoders treat; mix them in.
    let tricky = proptest::collection::vec(
        proptest::sample::select(
            "aZ0+/ %\"\\'<&~-_.*=é漢😀\n\u{1}\u{7f}"
                .chars()
                .collect::<Vec<_>>(),
        ),
        1..40,
    )
    .prop_map(String::from_iter);
    (
        any_text(0..8),
        prop_oneof![any_text(1..40), tricky],
        any_text(0..8),
    )
}

proptest! {
    #[test]
    fn no_encoding_of_a_text_shows_the_secret((prefix, secret, suffix) in strategy()) {
        let masker = masker(&secret);
        let encoders: [(&str, Encoder<'_>); 13] = [
            ("raw", &str::to_owned),
            ("json", &serde_escaped),
            ("json, slashes", &|text| serde_escaped(text).replace('/', "\\/")),
            ("json, ascii", &|text| ascii_json(text, false)),
            ("json, ascii, upper", &|text| ascii_json(text, true)),
            ("php json", &|text| ascii_json(text, false).replace('/', "\\/")),
            ("percent, all", &|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()),
            ("percent, all, lower", &|text| utf8_percent_encode(text, NON_ALPHANUMERIC).fold(String::new(), |out, piece| {
                out + &if piece.starts_with('%') { piece.to_ascii_lowercase() } else { piece.to_owned() }
            })),
            ("form", &form_encoded),
            ("query", &query_encoded),
            ("shell", &|text| text.replace('\'', r"'\''")),
            ("shell, double", &|text| text.replace('\'', r#"'"'"'"#)),
            ("template json", &|text| serde_escaped(text).replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027")),
        ];
        for (name, encode) in encoders {
            let form = encode(&secret);
            if form != secret && form.len() < 4 && (name.starts_with("percent") || name == "form" || name == "query") {
                continue;
            }
            let text = encode(&format!("{prefix}{secret}{suffix}"));
            let masked = masker.mask(&text);
            prop_assert!(!shows(&masked, &form), "{}: {:?} in {:?}", name, form, masked);
            // A whole document is looked through at once, so what shows in its texts must show in it.
            let json = serde_json::json!({"a": [{&text: 1}, 2]}).to_string();
            prop_assert!(!masker.shows_in(&text) || masker.shows_in(&json), "{}: {:?}", name, json);
        }
    }

    #[test]
    fn no_base64_of_a_text_shows_the_secret((prefix, secret, suffix) in strategy()) {
        let masker = masker(&secret);
        let text = format!("{prefix}{secret}{suffix}");
        // The characters that the secret alone determines, by the position of its bits in the encoded text.
        let first = (prefix.len() * 8).div_ceil(6);
        let end = (prefix.len() + secret.len()) * 8 / 6;
        prop_assume!(end >= first + 4);
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&text);
            let masked = masker.mask(&encoded);
            prop_assert!(!shows(&masked, &encoded[first..end]), "{} in {}", &encoded[first..end], masked);
        }
    }
}

#[test]
fn json_is_masked_however_deep_it_is_nested() {
    let secret = "pa\"ss\\wo\nrd77/<é>";
    let masker = masker(secret);
    for style in [ascii_json as fn(&str, bool) -> String, |text, _| {
        serde_escaped(text)
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
    }] {
        let mut text = style(secret, false);
        for depth in 1..5 {
            assert!(masker.shows_in(&text), "{depth}: {text}");
            assert_eq!(masker.mask(&text), "***", "{depth}: {text}");
            text = serde_escaped(&text);
        }
    }
}

#[test]
fn json_in_json_and_html_are_masked_too() {
    let secret = "pa\"ss\\wo<rd>&'x";
    let masker = masker(secret);
    let once = serde_json::json!({ "k": secret }).to_string();
    let twice = serde_json::json!({ "j": once }).to_string();
    for text in [
        once,
        twice,
        "<p>pa&quot;ss\\wo&lt;rd&gt;&amp;&#039;x</p>".to_owned(),
        "<p>pa&#34;ss\\wo&lt;rd&gt;&amp;&#39;x</p>".to_owned(),
    ] {
        let shown = masker.mask(&text);
        assert!(!shown.contains("wo"), "{text} {shown}");
    }
}

#[test]
fn a_secret_without_the_line_end_of_its_file_is_masked_too() {
    let masker = masker("topsecret123\n");
    assert_eq!(masker.mask("a topsecret123 b"), "a *** b");
}

#[test]
fn masked_json_is_json() {
    let json =
        "{\"a\":200,\"b\":true,\"c\":[2005,null,-3.5],\"d\":\"x \\\" 200\"}\n{\"e\":false}\n";
    for secret in ["200", "true", "5", "false", "null"] {
        let shown = masker(secret).mask_json_text(json).into_owned();
        let values = serde_json::Deserializer::from_str(&shown).into_iter::<serde_json::Value>();
        let values: Vec<_> = values.map(Result::unwrap).collect();
        assert_eq!(values.len(), 2, "{shown}");
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(masker("absent").mask_json_text(json), json);
}

#[test]
fn a_token_is_masked_however_libraries_write_it() {
    let token = "tok-Zq7/e+t=s3cretA";
    let masker = masker(token);
    let every = |spell: &dyn Fn(u8) -> String| token.bytes().map(spell).collect::<String>();
    for text in [
        "tok-Zq7/e%2Bt%3Ds3cretA".to_owned(),
        "tok-Zq7%2fe%2bt%3ds3cretA".to_owned(),
        "tok-Zq7%252Fe%252Bt%253Ds3cretA".to_owned(),
        "tok-Zq7&sol;e&plus;t&equals;s3cretA".to_owned(),
        r"tok\u002dZq7\/e\u002Bt%3Ds3cret&#65;".to_owned(),
        r"tok-Zq7\\\/e+t=s3cretA".to_owned(),
        every(&|byte| format!("%{byte:02x}")),
        every(&|byte| format!("\\u{byte:04X}")),
        every(&|byte| format!("&#{byte};")),
        every(&|byte| format!("&#x{byte:x};")),
    ] {
        assert_eq!(masker.mask(&text), MASK, "{text}");
        let json = serde_json::json!({ "text": text }).to_string();
        assert_eq!(masker.mask(&json), r#"{"text":"***"}"#, "{text}");
    }
}

#[test]
fn an_id_may_hold_a_pin_by_chance_and_nothing_longer() {
    let masker = Masker::new(["2025", "s3cretA9"]);
    for (id, wanted) in [
        ("64cb2025ab00", true),
        ("64cbab00", true),
        ("12025", false),
        ("2025", false),
        ("64cbs3cretA9ab00112233", false),
        ("64cb 2025 ab00", false),
        ("", false),
    ] {
        assert_eq!(masker.shows_by_chance_in(id), wanted, "{id}");
    }
}

#[test]
fn html_of_latin_letters_is_masked() {
    let masker = masker("contraseña<ñandú>");
    for text in [
        "contrase&ntilde;a&lt;&ntilde;and&uacute;&gt;",
        "contrase&#241;a&lt;&#xF1;and&#250;&gt;",
        "contraseña&amp;lt;&amp;ntilde;andú>",
    ] {
        assert_eq!(masker.mask(text), MASK, "{text}");
    }
}

/// One of the ways to write a character.
fn spelled(c: char, way: u8) -> String {
    let percent = || {
        let mut bytes = [0; 4];
        percent(c.encode_utf8(&mut bytes), |_| false)
    };
    let units = || {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units);
        units
            .iter()
            .fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}"))
    };
    match way {
        0 => percent(),
        1 => percent().to_lowercase(),
        2 => percent().replace('%', "%25"),
        3 => units(),
        4 => units().replace('\\', "\\\\"),
        5 => format!("&#{};", u32::from(c)),
        6 => format!("&#x{:05X};", u32::from(c)),
        7 => serde_escaped(&c.to_string()),
        8 => serde_escaped(&serde_escaped(&c.to_string())),
        9 if c == ' ' => "+".to_owned(),
        9 => c.to_string().replace('&', "&amp;").replace('<', "&lt;"),
        _ => c.to_string(),
    }
}

fn spelled_in_any_mix() -> impl Strategy<Value = Vec<(char, u8)>> {
    let letters: Vec<char> = "aZ05+/ %\"\\'<&~-_.*=éñ漢😀\n\t\u{1}".chars().collect();
    proptest::collection::vec((proptest::sample::select(letters), 0..14_u8), 1..24)
}

proptest! {
    #[test]
    fn any_mix_of_spellings_is_masked(
        pieces in spelled_in_any_mix(),
        before in "[ghjk]{0,6}",
        after in "[ghjk]{0,6}",
    ) {
        let secret: String = pieces.iter().map(|(c, _)| c).collect();
        let text: String = pieces.iter().map(|(c, way)| spelled(*c, *way)).collect();
        let text = format!("{before}{text}{after}");
        prop_assert_eq!(masker(&secret).mask(&text), format!("{before}{MASK}{after}"), "{}", text);
        prop_assert!(masker(&secret).shows_in(&serde_json::json!([text]).to_string()));
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is(pieces in spelled_in_any_mix(), secret in "[ghjk]{1,8}") {
        let text: String = pieces.iter().map(|(c, way)| spelled(*c, *way)).collect();
        prop_assert!(matches!(masker(&secret).mask(&text), Cow::Borrowed(_)), "{}", text);
    }
}

#[test]
fn texts_of_nothing_but_escapes_take_no_time() {
    let long = "\\".repeat(20_000) + &"%25".repeat(6_000) + &"&amp;".repeat(4_000);
    for secret in ["\\", "%", "&", "\\\\\\\\\"", "a", "%25%25%25%25x"] {
        masker(secret).mask(&long);
    }
}
