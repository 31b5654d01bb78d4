use std::sync::Arc;

use insta::assert_snapshot;

use super::{Color, Look, github, human, in_order, json_lines, summary};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};

/// The place of a part of the source.
fn span(source: &Source, part: &str) -> Span {
    let start = source.text().find(part).unwrap();
    Span::new(start, start + part.len())
}

fn error(source: &Arc<Source>, part: &str) -> Diagnostic {
    Diagnostic::error(Code::UnknownKey, "the key `modul` means nothing here")
        .at(source, span(source, part))
        .label("not a key of this step")
        .help("did you mean `module`?")
}

fn plain(findings: &[Diagnostic]) -> String {
    human(findings, Look::default())
}

#[test]
fn a_finding_with_everything() {
    let source = Source::new("plays/a.yaml", "steps:\n  - modul: x\n    id: 1\n");
    assert_snapshot!(plain(&[error(&source, "modul")]));
}

#[test]
fn wide_characters_before_the_caret() {
    let source = Source::new("a.yaml", "a: 漢字 😀 ñandú {{ nope }}\n");
    assert_snapshot!(plain(&[error(&source, "nope")]));
}

#[test]
fn a_long_line_is_cut_to_the_width() {
    let text = format!(
        "a: {} {{{{ nope }}}} {}\n",
        "x ".repeat(150),
        "y ".repeat(150)
    );
    let source = Source::new("a.yaml", text);
    let shown = plain(&[error(&source, "nope")]);
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    assert_snapshot!(shown);
}

#[test]
fn a_long_message_is_broken_at_blanks_for_people_only() {
    let source = Source::new("a.yaml", "a: b\n");
    let message = format!("{}`one two three four five six seven`", "word ".repeat(12));
    let mut finding = error(&source, "b");
    finding.message.clone_from(&message);
    let shown = plain(std::slice::from_ref(&finding));
    let widths = shown.lines().map(|line| line.chars().count());
    assert!(widths.max() <= Some(80), "{shown}");
    assert_snapshot!(shown);
    assert!(json_lines(std::slice::from_ref(&finding)).contains(&message));
    assert!(github(std::slice::from_ref(&finding)).contains(&message));
}

#[test]
fn a_line_of_a_block_scalar() {
    let source = Source::new("a.yaml", "a: |\n  first\n    {{ nope }}\n  last\n");
    assert_snapshot!(plain(&[error(&source, "nope")]));
}

#[test]
fn a_span_over_many_lines_shows_its_first() {
    let source = Source::new("a.yaml", "a: |\n  first\n  last\nb: 1\n");
    assert_snapshot!(plain(&[error(&source, "|\n  first\n  last")]));
}

#[test]
fn a_file_without_final_newline() {
    let source = Source::new("a.yaml", "a: 1\nmodul: x");
    assert_snapshot!(plain(&[error(&source, "modul: x")]));
}

#[test]
fn a_span_at_the_end_of_the_line_and_of_the_file() {
    let source = Source::new("a.yaml", "a:\n");
    let end_of_line = Diagnostic::error(Code::WrongType, "a value is missing")
        .at(&source, Span::new(2, 2))
        .help("write one");
    let end_of_file = Diagnostic::error(Code::MissingKey, "`steps` is missing")
        .at(&source, Span::new(3, 3))
        .help("add it");
    let empty = Source::new("empty.yaml", "");
    let nothing = Diagnostic::error(Code::MissingKey, "`steps` is missing")
        .at(&empty, Span::new(0, 0))
        .help("add it");
    assert_snapshot!(plain(&[end_of_line, end_of_file, nothing]));
}

#[test]
fn findings_without_a_place_and_warnings() {
    let refused = Diagnostic::error(Code::MissingToken, "the variable WOLKVOX_TOKEN is empty")
        .help("set it, or name a file with `token_file`");
    let source = Source::new("a.yaml", "host: crm.example\n");
    let warning = Diagnostic::warning(Code::RetiredHost, "the vendor has switched this host off")
        .at(&source, span(&source, "crm.example"));
    assert_snapshot!(plain(&[refused, warning]));
}

#[test]
fn nothing_reaches_the_terminal_raw() {
    let source = Source::new(
        "a\u{1b}.yaml",
        "a: \u{1b}[31mred\u{7} \u{9b}1m \u{202e}x\t{{ nope }}\r\nb: 1\n",
    );
    let finding = Diagnostic::error(Code::InvalidValue, "bad \u{1b}[2J value\u{9b}")
        .at(&source, span(&source, "nope"))
        .label("\u{7}bell\nline")
        .help("write\n\u{202e}this");
    let findings = [finding];
    for shown in [plain(&findings), json_lines(&findings), github(&findings)] {
        let raw = shown.chars().find(|c| *c != '\n' && super::is_active(*c));
        assert_eq!(raw, None, "{shown}");
    }
    assert_snapshot!(format!(
        "{}\n{}\n{}",
        plain(&findings),
        json_lines(&findings),
        github(&findings)
    ));
}

#[test]
fn colour_adds_escape_sequences_and_nothing_else() {
    let source = Source::new("a.yaml", "modul: x\n");
    let look = Look {
        color: Color::Ansi,
        ..Look::default()
    };
    let coloured = human(&[error(&source, "modul")], look);
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(
        anstream::adapter::strip_str(&coloured).to_string(),
        plain(&[error(&source, "modul")])
    );
}

#[test]
fn json_for_programs() {
    let source = Source::new("a.yaml", "ñ: 1\nb: \"2\n  3\"\n");
    let refused = Diagnostic::error(Code::MissingToken, "no token");
    let findings = [refused, error(&source, "\"2\n  3\""), error(&source, "ñ")];
    assert_snapshot!(json_lines(&findings));
}

#[test]
fn workflow_commands_for_github() {
    let source = Source::new("plays/a,b:c.yaml", "ñ: 1\nb: \"2\n  3\"\n");
    let refused = Diagnostic::warning(Code::Advice, "50% of: a,b\r\nis done");
    let findings = [refused, error(&source, "\"2\n  3\""), error(&source, "ñ")];
    assert_snapshot!(github(&findings));
}

#[test]
fn findings_come_in_order_and_once() {
    let one = Source::new("a.yaml", "modul: x\nmodul2: y\n");
    let same_text = Source::new("a.yaml", "modul: x\nmodul2: y\n");
    let other = Source::new("b.yaml", "modul: x\n");
    let findings = [
        Diagnostic::error(Code::NoTarget, "no target"),
        error(&other, "modul"),
        error(&one, "modul2"),
        error(&one, "modul"),
        error(&one, "modul").help("another remedy"),
        error(&same_text, "modul"),
        Diagnostic::error(Code::NoTarget, "no target"),
    ];
    let places: Vec<String> = in_order(&findings)
        .iter()
        .map(|finding| {
            finding
                .place
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        })
        .collect();
    assert_eq!(
        places,
        ["a.yaml:1:1", "a.yaml:1:1", "a.yaml:2:1", "b.yaml:1:1", ""]
    );
    assert_eq!(summary(&findings), "5 errors");
}

#[test]
fn the_summary_counts_in_words() {
    let error = Diagnostic::error(Code::NoTarget, "no target");
    let warning = Diagnostic::warning(Code::Advice, "look");
    assert_eq!(summary(&[]), "no errors");
    assert_eq!(summary(std::slice::from_ref(&error)), "1 error");
    assert_eq!(
        summary(&[error.clone(), warning.clone()]),
        "1 error, 1 warning"
    );
    let more = Diagnostic::error(Code::NoTarget, "another");
    assert_eq!(summary(&[error, more, warning]), "2 errors, 1 warning");
}
