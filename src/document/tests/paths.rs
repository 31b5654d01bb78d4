use super::document;

const TEXT: &str =
    "steps:\n  - do: a\n    with:\n      fields: [1, {x/y: 2}]\n      empty:\n  - do: b\n";

#[test]
fn at_follows_keys_and_indices() {
    let document = document(TEXT);
    let at = |pointer: &[&str]| {
        document
            .root
            .at(pointer)
            .map(|node| node.to_value().to_json_text())
    };
    assert_eq!(at(&["steps", "1", "do"]).as_deref(), Some(r#""b""#));
    assert_eq!(
        at(&["steps", "0", "with", "fields", "1", "x/y"]).as_deref(),
        Some("2")
    );
    assert_eq!(at(&["steps", "2"]), None);
    assert_eq!(at(&["steps", "+1"]), None);
    assert_eq!(at(&["steps", "01"]), None);
    assert_eq!(at(&["steps", "0", "do", "x"]), None);
}

#[test]
fn every_pointer_ends_at_a_place() {
    let document = document(TEXT);
    for (pointer, missing, shown) in [
        ("", None, "steps"),
        ("/steps/0/do", None, "a"),
        ("/steps/0/with/fields/1/x~1y", None, "2"),
        ("/steps/0/with", None, "with"),
        ("/steps/0/with/fields", None, "fields"),
        ("/steps/0/with/empty", None, "empty"),
        ("/steps/0/with/nope/deeper", Some("nope"), "with"),
        ("/steps/1", None, "do"),
        ("/steps/7/do", Some("7"), "steps"),
        ("/steps/1/do/x", Some("x"), "b"),
        ("/nope", Some("nope"), "steps"),
    ] {
        let nearest = document.root.nearest(pointer);
        assert_eq!(nearest.missing.as_deref(), missing, "{pointer}");
        assert_eq!(nearest.is_exact(), missing.is_none());
        assert_eq!(document.source.slice(nearest.span()), shown, "{pointer}");
    }
}
