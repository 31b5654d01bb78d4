//! Used playbooks, disturbed after every event; and what their templates see.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Answer::{
    self, Blank, BrokenDone, Done, LostDone, LostUndone, NotNow, NotSent, Refused,
};
use super::{Trouble, everywhere, planned, scripted, step, world};
use crate::action::Effect;
use crate::event::{EventKind, step_name};
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::playbook::{self, Playbook, Used};
use crate::source::Source;
use crate::value::{Map, Value};

/// Links every use to one of these texts, also those inside them.
fn link(playbook: &mut Playbook, files: &[(&str, &str)]) {
    for (path, text) in files {
        if !playbook.source.text().contains(&format!("use: {path}")) {
            continue;
        }
        let (used, findings) = playbook::parse(&Source::new(*path, *text));
        assert_eq!(findings, [], "{text}");
        let mut used = used.expect("it has no findings");
        link(&mut used, files);
        let used = Used {
            playbook: used,
            path: (*path).to_owned(),
            folder: PathBuf::new(),
            zone: None,
            environment: Some(Map::default()),
            height: 1,
            size: 1,
        };
        playbook.uses.insert((*path).to_owned(), Arc::new(used));
    }
}

fn using(text: &str, files: &[(&str, &str)]) -> Plan {
    planned(text, |playbook| link(playbook, files))
}

/// The ends of the steps of an undisturbed run, by id.
fn ends(plan: &Plan, script: &HashMap<String, Vec<Answer>>) -> HashMap<String, (Outcome, Value)> {
    let mut world = world(plan, script);
    assert!(world.stretch(Trouble::None).is_some());
    let events = &world.ledger.events;
    events
        .iter()
        .filter_map(|event| match event {
            EventKind::StepFinished(end) => Some((
                step_name(&end.step, end.row.as_deref()),
                (end.outcome, Value::Map(end.outputs.clone())),
            )),
            _ => None,
        })
        .collect()
}

fn used(policy: &str) -> String {
    format!(
        "voxplay: 1\ninputs: {{ id: {{ type: string }} }}\nvars: {{ v: \"{{{{ inputs.id }}}}\" }}\nsteps:\n  - {}\n  - {}\n  - {}\nfinally: [{}, {}]\noutputs: {{ id: \"{{{{ steps.b.wolkvox_id }}}}\" }}\n",
        step("a", Effect::Update, ""),
        step("b", Effect::Create, policy),
        step("c", Effect::Delete, ", when: vars.v != ''"),
        step("x", Effect::Create, ", on_failure: continue"),
        step("y", Effect::Update, ""),
    )
}

#[test]
fn a_used_playbook_survives_every_trouble() {
    for (inner, outer) in [
        ("", ""),
        (", on_failure: continue", ""),
        ("", ", on_failure: continue"),
    ] {
        let text = format!(
            "voxplay: 1\nsteps:\n  - {}\n  - {{ id: one, use: used.yaml, inputs: {{ id: \"{{{{ steps.a.wolkvox_id }}}}\" }}{outer} }}\n  - {{ id: two, use: used.yaml, inputs: {{ id: \"{{{{ steps.one.id | default('none') }}}}\" }} }}\n  - {}\nfinally: [{}]\n",
            step("a", Effect::Update, ""),
            step("b", Effect::Create, ""),
            step("z", Effect::Create, ""),
        );
        let plan = using(&text, &[("used.yaml", &used(inner))]);
        for script in [
            scripted(&[]),
            scripted(&[
                ("one.a", &[LostDone, NotNow, Done]),
                ("two.c", &[NotNow, NotSent, Done]),
            ]),
            scripted(&[("one.b", &[Refused]), ("one.x", &[LostUndone])]),
            scripted(&[("one.c", &[LostDone]), ("one.x", &[Refused])]),
            scripted(&[("one.b", &[Blank]), ("one.y", &[LostDone; 3])]),
            scripted(&[("one.y", &[NotSent; 3]), ("two.b", &[BrokenDone])]),
        ] {
            everywhere(&plan, &script);
        }
    }
}

#[test]
fn a_used_playbook_that_cannot_begin_survives_every_trouble() {
    // The id that the first step gets is blank, and so no input.
    let text = format!(
        "voxplay: 1\nsteps:\n  - {}\n  - {{ id: unreadable, use: used.yaml, on_failure: continue, inputs: {{ id: \"{{{{ steps.a.wolkvox_id }}}}\" }} }}\n  - {}\n",
        step("a", Effect::Create, ""),
        step("b", Effect::Create, ""),
    );
    let used = used("");
    let plan = using(&text, &[("used.yaml", &used)]);
    everywhere(&plan, &scripted(&[("a", &[Blank])]));
    let ends = ends(&plan, &scripted(&[("a", &[Blank])]));
    assert_eq!(ends["unreadable"].0, Outcome::Failed);
    // Nothing of it runs, its `finally` neither.
    for inner in ["a", "b", "c", "x", "y"] {
        assert_eq!(ends[&format!("unreadable.{inner}")].0, Outcome::NotRun);
    }
    assert_eq!(ends["b"].0, Outcome::Ok);
}

#[test]
fn used_playbooks_in_loops_and_in_each_other_survive_every_trouble() {
    let middle = format!(
        "voxplay: 1\ninputs: {{ id: {{ type: string }} }}\nsteps:\n  - {}\n  - {{ id: g, use: used.yaml, inputs: {{ id: \"{{{{ inputs.id }}}}\" }} }}\nfinally: [{}]\n",
        step("m", Effect::Create, ""),
        step("n", Effect::Delete, ""),
    );
    for policy in ["stop", "continue"] {
        let text = format!(
            "voxplay: 1\nsteps:\n  - id: g\n    for_each: {{ items: [\"1\", \"2\"] }}\n    on_failure: {policy}\n    use: middle.yaml\n    inputs: {{ id: \"{{{{ row }}}}\" }}\n  - {}\n",
            step("z", Effect::Create, ""),
        );
        let files = [("middle.yaml", middle.as_str()), ("used.yaml", &used(""))];
        let plan = using(&text, &files);
        for script in [
            scripted(&[]),
            scripted(&[("g.m@1", &[Refused]), ("g.g.b@2", &[LostDone])]),
            scripted(&[("g.g.c@1", &[NotNow, Refused]), ("g.g.y@2", &[LostDone; 3])]),
        ] {
            everywhere(&plan, &script);
        }
    }
}

#[test]
fn a_used_playbook_sees_what_it_is_given_and_gives_what_it_says() {
    let text = format!(
        "voxplay: 1\nsteps:\n  - {}\n  - {{ id: one, use: used.yaml, inputs: {{ id: \"{{{{ steps.a.outcome }}}}\" }} }}\n  - {}\n  - {}\n",
        step("a", Effect::Update, ", on_failure: continue"),
        // The outer step of the same name is still its own.
        step("b", Effect::Create, ", when: steps.a.outcome == 'failed'"),
        step(
            "d",
            Effect::Create,
            ", when: steps.one.id is defined and steps.one.outcome == 'ok'"
        ),
    );
    let used = "voxplay: 1\ninputs: { id: { type: string } }\nsteps:\n  - { id: a, action: obligation.insert, with: { wolkvox_id: \"{{ inputs.id }}\", id: \"1\", name: Loan } }\n  - { id: s, when: 1 == 2, action: record.update, with: { module: m, wolkvox_id: \"1\", fields: { A: b } } }\noutputs: { id: \"{{ steps.a.wolkvox_id }}\", left_out: \"{{ steps.s.wolkvox_id }}\" }\n";
    let plan = using(&text, &[("used.yaml", used)]);
    let ends = ends(&plan, &scripted(&[("a", &[Refused])]));
    assert_eq!(ends["one.a"].0, Outcome::Ok);
    assert_eq!(ends["one.s"].0, Outcome::Skipped);
    let given = ends["one"].1.as_map().unwrap();
    assert_eq!(given.keys().collect::<Vec<_>>(), ["id"]);
    assert_eq!(ends["b"].0, Outcome::Ok);
    assert_eq!(ends["d"].0, Outcome::Ok);
}
