//! How templates spell names: behind a dot, or in brackets where no dot can stand before them. It knows no values.

use crate::diagnostic::nearest;

/// Whether a name can follow a dot: letters without accents, digits and `_`, and no digit first.
pub fn can_follow_a_dot(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A member of what is spelled already: `c.city`, `c['Full name']`.
pub fn member(of: &str, name: &str) -> String {
    if can_follow_a_dot(name) {
        format!("{of}.{name}")
    } else {
        format!("{of}[{}]", quoted(name))
    }
}

/// A name as a text in a template, in quotes that it does not hold.
fn quoted(name: &str) -> String {
    let escaped = name.replace('\\', "\\\\");
    if name.contains('\'') {
        format!("\"{}\"", escaped.replace('"', "\\\""))
    } else {
        format!("'{escaped}'")
    }
}

/// A name and the keys after it, as a [`Read`](super::Read) has them: digits are an index.
pub fn path(path: &[String]) -> String {
    let Some((root, keys)) = path.split_first() else {
        return String::new();
    };
    let is_index = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    keys.iter().fold(root.clone(), |before, key| {
        if is_index(key) {
            format!("{before}[{key}]")
        } else {
            member(&before, key)
        }
    })
}

/// What to do about a member that is not there, where others are: the nearest of them, or all. Those that cannot
/// follow a dot are spelled with what they are members of.
pub fn did_you_mean_member<'a>(
    of: &str,
    written: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    let readable = |name: &str| {
        if can_follow_a_dot(name) {
            name.to_owned()
        } else {
            member(of, name)
        }
    };
    if let Some(name) = nearest(written, known.clone()) {
        return Some(format!("did you mean `{}`?", readable(name)));
    }
    let known: Vec<String> = known.into_iter().map(readable).collect();
    (!known.is_empty()).then(|| format!("known here: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::{Clock, Engine, Scope};
    use super::*;
    use crate::value::{Map, Value};

    #[test]
    fn every_name_is_read_as_it_is_spelled() {
        let engine = Engine::new(Clock {
            now: jiff::Timestamp::UNIX_EPOCH,
            zone: jiff::tz::TimeZone::UTC,
        });
        for (name, spelled) in [
            ("city", "c.city"),
            ("_1", "c._1"),
            ("Cédula", "c['Cédula']"),
            ("Full name", "c['Full name']"),
            ("v.d", "c['v.d']"),
            ("", "c['']"),
            ("1", "c['1']"),
            ("it's", "c[\"it's\"]"),
            ("a\\'\"b", "c[\"a\\\\'\\\"b\"]"),
        ] {
            assert_eq!(member("c", name), spelled);
            let object = Map::from_iter([(name.to_owned(), Value::from("found"))]);
            let mut scope = Scope::new();
            scope.set("c", Value::Map(object));
            let read = engine.compile_expression(spelled).unwrap();
            assert_eq!(read.eval(&scope), Ok(Value::from("found")), "{spelled}");
        }
        assert_eq!(path(&["a", "0", "b c"].map(str::to_owned)), "a[0]['b c']");
    }

    #[test]
    fn what_is_proposed_can_be_written() {
        let known = ["id", "Cédula", "Nombre completo"];
        for (written, proposed) in [
            ("Id", "did you mean `id`?"),
            ("Cedula", "did you mean `c['Cédula']`?"),
            ("Nombre_completo", "did you mean `c['Nombre completo']`?"),
            ("zzz", "known here: id, c['Cédula'], c['Nombre completo']"),
        ] {
            let help = did_you_mean_member("c", written, known);
            assert_eq!(help.as_deref(), Some(proposed));
        }
        assert_eq!(did_you_mean_member("c", "x", []), None);
    }
}
