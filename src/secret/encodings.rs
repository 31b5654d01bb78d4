//! The forms in which a text may stand in another text. Knows nothing of masking.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// A base64 or percent-encoded form shorter than this says too little to be looked for: it would match by chance.
const SHORTEST_DERIVED: usize = 4;

/// WHATWG URL, query of a special scheme: what an address bar leaves readable.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\'');
/// WHATWG URL, query of another scheme: the quote stays.
const QUERY_WITH_QUOTE: &AsciiSet = &QUERY.remove(b'\'');
/// WHATWG URL, path.
const PATH: &AsciiSet = &QUERY_WITH_QUOTE
    .add(b'?')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}');
/// WHATWG URL, user information.
const USERINFO: &AsciiSet = &PATH
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'|');
/// `encodeURI` of JavaScript.
const WHOLE_URI: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#');
/// `encodeURIComponent` of JavaScript.
const COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
/// Everything but the unreserved characters of RFC 3986: `rawurlencode` of PHP, curl, Python.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// `urlencode` of PHP.
const PHP: &AsciiSet = &UNRESERVED.add(b'~');
/// `application/x-www-form-urlencoded` of browsers.
const FORM: &AsciiSet = &PHP.remove(b'*');

const PERCENT_SETS: [&AsciiSet; 10] = [
    QUERY,
    QUERY_WITH_QUOTE,
    PATH,
    USERINFO,
    WHOLE_URI,
    COMPONENT,
    UNRESERVED,
    PHP,
    FORM,
    NON_ALPHANUMERIC,
];

/// Adds every form of `secret` to `forms`; none if it is empty.
pub(super) fn of(secret: &str, forms: &mut BTreeSet<String>) {
    if secret.is_empty() {
        return;
    }
    forms.insert(secret.to_owned());
    let mut json = BTreeSet::new();
    in_json(secret, &mut json);
    // JSON as a text in JSON, which some calls take; further in, whoever writes it does so as we do.
    let mut nested = BTreeSet::new();
    for once in json.iter().filter(|once| *once != secret) {
        in_json(once, &mut nested);
    }
    for _ in 0..DEEPER {
        forms.extend(nested.iter().cloned());
        nested = nested.iter().map(|text| plainly_in_json(text)).collect();
    }
    forms.extend(nested);
    forms.extend(json);
    in_shell(secret, forms);
    in_html(secret, forms);
    let mut derived = BTreeSet::new();
    in_percent(secret, &mut derived);
    in_base64(secret.as_bytes(), &mut derived);
    forms.extend(
        derived
            .into_iter()
            .filter(|form| form.len() >= SHORTEST_DERIVED),
    );
}

/// How many times more a text is looked for as a text in JSON, beyond JSON in JSON.
const DEEPER: usize = 3;

fn plainly_in_json(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// The hexadecimal digits of `\u` and `%` escapes are written in either case.
#[derive(Clone, Copy)]
enum Hex {
    Lower,
    Upper,
}

/// Which characters an encoder of JSON escapes beyond those that it must.
#[derive(Clone, Copy)]
struct JsonStyle {
    /// `/` as `\/`: PHP.
    slash: bool,
    /// Everything beyond ASCII: PHP, Python.
    non_ascii: bool,
    /// `<`, `>`, `&` and `'`, for a place in HTML: templates, Go.
    html: bool,
    hex: Hex,
}

fn in_json(secret: &str, forms: &mut BTreeSet<String>) {
    for choice in 0..16_u8 {
        let style = JsonStyle {
            slash: choice & 1 != 0,
            non_ascii: choice & 2 != 0,
            html: choice & 4 != 0,
            hex: if choice & 8 == 0 {
                Hex::Lower
            } else {
                Hex::Upper
            },
        };
        forms.insert(secret.chars().fold(String::new(), |mut form, c| {
            push_json(&mut form, c, style);
            form
        }));
    }
}

fn push_json(form: &mut String, c: char, style: JsonStyle) {
    match c {
        '"' => form.push_str("\\\""),
        '\\' => form.push_str("\\\\"),
        '\n' => form.push_str("\\n"),
        '\r' => form.push_str("\\r"),
        '\t' => form.push_str("\\t"),
        '\u{8}' => form.push_str("\\b"),
        '\u{c}' => form.push_str("\\f"),
        '/' if style.slash => form.push_str("\\/"),
        '\0'..='\u{1f}' => push_unicode_escape(form, c, style.hex),
        '<' | '>' | '&' | '\'' if style.html => push_unicode_escape(form, c, style.hex),
        c if style.non_ascii && !c.is_ascii() => push_unicode_escape(form, c, style.hex),
        c => form.push(c),
    }
}

fn push_unicode_escape(form: &mut String, c: char, hex: Hex) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        match hex {
            Hex::Lower => write!(form, "\\u{unit:04x}"),
            Hex::Upper => write!(form, "\\u{unit:04X}"),
        }
        .expect("writing to a String cannot fail");
    }
}

/// PHP and browsers, Python, Go, and XML.
fn in_html(secret: &str, forms: &mut BTreeSet<String>) {
    for (double, single) in [
        ("&quot;", "'"),
        ("\"", "'"),
        ("&quot;", "&#039;"),
        ("&quot;", "&#39;"),
        ("&quot;", "&#x27;"),
        ("&#34;", "&#39;"),
        ("&quot;", "&apos;"),
    ] {
        let escaped = secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        forms.insert(escaped.replace('"', double).replace('\'', single));
    }
}

/// Inside single quotes a single quote is left out, quoted by itself: `'\''` or `'"'"'`.
fn in_shell(secret: &str, forms: &mut BTreeSet<String>) {
    forms.insert(secret.replace('\'', r"'\''"));
    forms.insert(secret.replace('\'', r#"'"'"'"#));
}

fn in_percent(secret: &str, forms: &mut BTreeSet<String>) {
    for set in PERCENT_SETS {
        for hex in [Hex::Lower, Hex::Upper] {
            for space in ["%20", "+"] {
                forms.insert(percent_encoded(secret, set, hex, space));
            }
        }
    }
}

/// Character by character, because a `%` that the set leaves alone starts no escape: its digits keep their case.
fn percent_encoded(secret: &str, set: &'static AsciiSet, hex: Hex, space: &str) -> String {
    let mut form = String::with_capacity(secret.len() * 3);
    for c in secret.chars() {
        // No set encodes these, and most tokens are made of nothing else.
        if c.is_ascii_alphanumeric() {
            form.push(c);
            continue;
        }
        let mut buffer = [0; 4];
        let plain: &str = c.encode_utf8(&mut buffer);
        let encoded = utf8_percent_encode(plain, set).to_string();
        match hex {
            _ if c == ' ' => form.push_str(space),
            Hex::Lower if encoded != plain => form.push_str(&encoded.to_ascii_lowercase()),
            Hex::Lower | Hex::Upper => form.push_str(&encoded),
        }
    }
    form
}

/// Base64 turns three bytes into four characters, so a secret inside a longer text has one of three shapes, by how
/// many bytes stand before it. Only characters made of nothing but the secret's bits are looked for; at the end of
/// a text the last one is filled up with zero bits and may be followed by padding.
fn in_base64(secret: &[u8], forms: &mut BTreeSet<String>) {
    for before in 0..3_usize {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret);
        let first = (before * 8).div_ceil(6);
        let inside = bytes.len() * 8 / 6;
        for encoded in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            let padding = "=".repeat((4 - encoded.len() % 4) % 4);
            forms.insert(encoded.get(first..inside).unwrap_or_default().to_owned());
            let at_end = encoded.get(first..).unwrap_or_default();
            forms.insert(at_end.to_owned());
            forms.insert(format!("{at_end}{padding}"));
        }
    }
}
