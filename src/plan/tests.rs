//! Any text is checked without a panic, and every finding lies inside it.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Completeness, Facts, Given, compile, rehearse, resolve_inputs};
use crate::action::{Catalogue, TargetFacts};
use crate::diagnostic::Diagnostic;
use crate::playbook;
use crate::project::Confinement;
use crate::source::Source;
use crate::template::{Clock, Engine};

/// The whole way from a text to what is wrong with it.
fn check(text: &str) -> Vec<Diagnostic> {
    let source = Source::new("playbook.yaml", text);
    let (playbook, mut findings) = playbook::parse(&source);
    let Some(playbook) = playbook.map(Arc::new) else {
        assert!(!findings.is_empty(), "unreadable for no reason");
        return findings;
    };
    let engine = Engine::new(Clock {
        now: Timestamp::UNIX_EPOCH,
        zone: TimeZone::UTC,
    });
    let given = Given::default();
    let (inputs, found) = resolve_inputs(&playbook, &given, &|_| None, Completeness::Optional);
    findings.extend(found);
    let (draft, found) = compile(&playbook, &Catalogue::built_in(), &engine, &[]);
    findings.extend(found);
    let target = TargetFacts {
        name: "test".to_owned(),
        server: "http://127.0.0.1:1".to_owned(),
        operation: "acme".to_owned(),
    };
    let nowhere = Path::new("no-such-folder");
    let facts = Facts {
        target: Some(&target),
        run: None,
        files: &Confinement::new(nowhere, nowhere, &[]),
        rows: super::RowCheck::First,
    };
    findings.extend(rehearse(&draft, &inputs, &facts).findings);
    findings
}

fn assert_inside(findings: &[Diagnostic], text: &str) {
    for place in findings.iter().filter_map(|finding| finding.place.as_ref()) {
        let (start, end) = (place.span.start, place.span.end);
        assert!(start <= end && end <= text.len(), "{findings:?}");
        assert!(
            text.is_char_boundary(start) && text.is_char_boundary(end),
            "{findings:?}"
        );
    }
}

const GOOD: &str = r#"voxplay: 1
name: Todo
inputs:
  id: { type: string }
  tier: { type: string, enum: [VIP, Regular], default: VIP }
vars:
  owner: "ADMIN_@{{ target.operation }}"
limits: { requests: 5, deletes: 3 }
steps:
  - id: promote
    action: record.update
    retry: { attempts: 2, backoff: 1s }
    with:
      module: contacts
      wolkvox_id: "{{ inputs.id }}"
      fields:
        Año: |
          línea {{ inputs.tier }}
            y {{ vars.owner | upper }}
    expect: [response.code == 200, status == 200]
  - id: group
    when: inputs.tier == "VIP"
    on_failure: continue
    steps:
      - id: gone
        action: record.delete
        with: { module: contacts, wolkvox_id: ["{{ steps.promote.wolkvox_id }}", "64cc"] }
finally:
  - id: last
    action: obligation.insert
    with: { wolkvox_id: "1", id: "2", name: Loan, total_balance: 10000.10 }
outputs: { id: "{{ steps.promote.wolkvox_id }}" }
"#;

#[test]
fn a_good_playbook_has_no_findings() {
    assert_eq!(check(GOOD), []);
}

/// Pieces that mean something somewhere.
const PIECES: [&str; 22] = [
    "{{", "}}", "{%", "\"", "'", "\n", "  ", "- ", ": ", "#", "&a ", "*a", "|\n", "é", "🦀", "[",
    "]", "null", "steps", "inputs.", "\u{0}", "\t",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edit_of_a_playbook_is_checked_without_a_panic(
        edits in proptest::collection::vec((0..GOOD.len(), 0_usize..12, proptest::sample::select(&PIECES[..])), 1..4),
    ) {
        let mut text = GOOD.to_owned();
        for (at, cut, piece) in edits {
            let boundary = |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let start = boundary(&text, at);
            let end = boundary(&text, start + cut).max(start);
            text.replace_range(start..end, piece);
        }
        assert_inside(&check(&text), &text);
    }

    #[test]
    fn any_text_is_checked_without_a_panic(text in "\\PC{0,80}") {
        for text in [text.clone(), format!("voxplay: 1\nsteps:\n  - action: record.delete\n    with: {text}\n")] {
            assert_inside(&check(&text), &text);
        }
    }
}
