#![expect(clippy::disallowed_methods, reason = "a test measures its own time")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{outcome, source};
use crate::document::{MAX_BYTES, MAX_DEPTH, read};

/// Reads, expects a refusal with few findings, and quickly: the second reader needs 30 s for some.
fn refused(text: &str) -> String {
    let source = source(text);
    let begun = Instant::now();
    let findings = read(&source).expect_err("a hostile text is refused");
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(2), "{taken:?}");
    assert!((1..=100).contains(&findings.len()));
    findings[0].code.to_string()
}

#[test]
fn bombs_are_refused_before_the_second_reader() {
    assert_eq!(refused(&"[".repeat(100_000)), "yaml-feature");
    assert_eq!(refused(&"{a: ".repeat(50_000)), "yaml-feature");
    assert_eq!(refused(&"- ".repeat(20_000)), "yaml-feature");
    assert_eq!(refused(&"? ".repeat(20_000)), "yaml-feature");
    let stairs: String = (0..500).map(|n| " ".repeat(n) + "a:\n").collect();
    assert_eq!(refused(&stairs), "yaml-feature");
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = "a0: &a0 [lol]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{},", level - 1).repeat(9);
        writeln!(text, "a{level}: &a{level} [{below}]").unwrap();
    }
    assert_eq!(refused(&text), "yaml-feature");
}

#[test]
fn many_aliases_of_a_large_anchor_are_refused() {
    let text = format!("a: &a {}\nb:\n", "x".repeat(100_000)) + &"- *a\n".repeat(20_000);
    assert_eq!(refused(&text), "yaml-feature");
}

#[test]
fn a_merge_bomb_is_refused() {
    let mut text = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..25 {
        let below = level - 1;
        writeln!(text, "a{level}: &a{level}\n  <<: [*a{below}, *a{below}]").unwrap();
    }
    assert_eq!(refused(&text), "yaml-feature");
}

#[test]
fn large_but_harmless_texts_are_read_in_time() {
    let begun = Instant::now();
    let list = format!("a: [{}]\n", "x, ".repeat(50_000));
    let mut keys = String::new();
    for number in 0..20_000 {
        writeln!(keys, "key{number}: 'v'").unwrap();
    }
    for text in [list, keys, format!("a: \"{}\"\n", "y\\n".repeat(100_000))] {
        assert!(read(&source(&text)).is_ok());
    }
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn depth_is_counted_over_both_styles() {
    let nested = |block: usize, flow: usize| {
        "- ".repeat(block) + &"[".repeat(flow) + &"]".repeat(flow) + "\n"
    };
    assert!(read(&source(&nested(MAX_DEPTH / 2, MAX_DEPTH / 2))).is_ok());
    assert_eq!(
        outcome(&nested(MAX_DEPTH / 2, MAX_DEPTH / 2 + 1)),
        "yaml-feature 1:97 `[`"
    );
}

#[test]
fn a_text_above_the_limit_is_refused() {
    assert_eq!(refused(&"#".repeat(MAX_BYTES + 1)), "unreadable-file");
}
