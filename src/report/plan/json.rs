//! A plan for programs: one document, described by `schemas/plan.schema.json`; also what `--out` saves.
//!
//! `schema` is 1. `planned_at` is the instant that `now()` gives. `identity` holds the digests that
//! `run --plan` compares, `digest` is one of all else in the document. `counts` are requests by effect, each `{certain, possible}`. `steps` and `finally` are
//! trees: a step has `kind` `request`, `group`, `loop` or `use`. The `steps` of a loop are those of the first item that
//! runs, `rows.sample`; `more_items` has the further ones that are shown, `not_shown` counts the rest. In `request.json` and `request.multipart` a text such as
//! `(known after steps.promote)` stands for what is not known yet; `request.unknown` lists their JSON pointers.
//! Numbers have the digits that will be sent. Keys may be added; none changes its meaning within a schema version.

use super::digest::seal;
use super::{Budget, PlanReport, object, optional, place, url};
use crate::action::Effect;
use crate::diagnostic::render;
use crate::plan::foresee::{
    Count, LoopOutlook, OutlookKind, RequestOutlook, Runs, Sample, StepOutlook, Tally,
};
use crate::secret::{Masker, told_apart};
use crate::value::{Map, Value};

/// The version of the document.
pub const SCHEMA: u64 = 1;

/// The document, its secrets masked.
pub fn document(report: &PlanReport<'_>) -> Value {
    let playbook = report.playbook;
    let name = playbook.name.as_ref().map(|name| name.value.as_str());
    let steps =
        |steps: &[StepOutlook]| Value::List(steps.iter().map(|one| step(report, one)).collect());
    let identity = serde_json::to_value(report.identity).expect("digests are plain data");
    let inputs = report.inputs.iter().map(|input| {
        let mut entry = Map::default();
        entry.insert("name".to_owned(), input.name.as_str().into());
        entry.insert("from".to_owned(), input.from.as_str().into());
        entry.insert("secret".to_owned(), Value::Bool(input.value.is_none()));
        if let Some(value) = &input.value {
            entry.insert("value".to_owned(), value.clone());
        }
        Value::Map(entry)
    });
    let findings = render::json_lines(report.findings);
    let findings = findings
        .lines()
        .filter_map(|line| Value::from_json_text(line).ok());
    let target = object([
        ("name", report.target.name.as_str().into()),
        ("server", report.target.server.as_str().into()),
        ("operation", report.target.operation.as_str().into()),
        ("sandbox", Value::Bool(report.is_sandbox)),
    ]);
    let limit = |limit: Option<u64>| limit.map_or(Value::Null, Value::from);
    let document = object([
        ("schema", Value::from(SCHEMA)),
        (
            "planned_at",
            report.planned_at.timestamp().to_string().into(),
        ),
        (
            "playbook",
            object([
                ("path", playbook.source.name().into()),
                ("name", optional(name)),
            ]),
        ),
        ("target", target),
        ("identity", Value::Null),
        ("inputs", Value::List(inputs.collect())),
        ("counts", counts(&report.outlook.tally)),
        (
            "limits",
            object([
                ("requests", limit(report.limits.requests)),
                ("deletes", limit(report.limits.deletes)),
            ]),
        ),
        ("budget", report.budget.map_or(Value::Null, budget)),
        (
            "notes",
            Value::List(
                report
                    .notes
                    .iter()
                    .map(|note| note.as_str().into())
                    .collect(),
            ),
        ),
        ("findings", Value::List(findings.collect())),
        ("steps", steps(&report.outlook.steps)),
        ("finally", steps(&report.outlook.finally)),
    ]);
    let Value::Map(mut document) = masked(document, report.masker) else {
        unreachable!("a document is an object");
    };
    // Digests hold no secrets; a short secret that happens to stand in one must not change it.
    document.insert("identity".to_owned(), Value::from(identity));
    seal(&mut document);
    Value::Map(document)
}

fn budget(budget: Budget) -> Value {
    object([
        ("daily", budget.daily.into()),
        ("sent_today", budget.sent_today.into()),
        ("left_today", budget.left().into()),
    ])
}

fn count(count: Count) -> Value {
    object([
        ("certain", count.certain.into()),
        ("possible", count.possible.into()),
        ("open", Value::Bool(count.is_open)),
    ])
}

fn counts(tally: &Tally) -> Value {
    object([
        ("read", count(tally.of(Effect::Read))),
        ("update", count(tally.of(Effect::Update))),
        ("create", count(tally.of(Effect::Create))),
        ("delete", count(tally.of(Effect::Delete))),
        ("requests", count(tally.requests())),
        ("records_deleted", count(tally.deleted)),
        ("open_ended", Value::Bool(tally.is_open())),
    ])
}

fn step(report: &PlanReport<'_>, step: &StepOutlook) -> Value {
    let position = step.home.source().position(step.span.start);
    let (runs, reason, known) = match &step.runs {
        Runs::Yes => ("yes", None, None),
        Runs::OnlyIf { condition, mark } => {
            ("only_if", Some(condition.as_str()), Some(mark.as_str()))
        }
        Runs::No(reason) => ("no", Some(reason.as_str()), None),
    };
    let mut shown = Map::default();
    let mut add = |key: &str, value: Value| {
        shown.insert(key.to_owned(), value);
    };
    add("id", step.id.as_str().into());
    add("name", optional(step.name.as_deref()));
    add("place", place(step).into());
    add("line", (position.line as u64).into());
    add("column", (position.column as u64).into());
    add("runs", runs.into());
    add("because", optional(reason));
    add("known", optional(known));
    let nested = |steps: &[StepOutlook]| {
        Value::List(steps.iter().map(|one| self::step(report, one)).collect())
    };
    match &step.kind {
        OutlookKind::Request(outlook) => {
            add("kind", "request".into());
            add("action", outlook.action.as_str().into());
            add("effect", outlook.effect.as_str().into());
            add("effect_certain", Value::Bool(outlook.effect_is_certain));
            add(
                "effect_reason",
                optional(super::effect_reason(outlook).as_deref()),
            );
            add(
                "records",
                outlook.records.flatten().map_or(Value::Null, Value::from),
            );
            if let Some(most) = outlook.max_pages {
                add("max_pages", most.into());
            }
            add("request", request(report, outlook));
        }
        OutlookKind::Group(steps) => {
            add("kind", "group".into());
            add("steps", nested(steps));
        }
        OutlookKind::Loop(each) => {
            add("kind", "loop".into());
            add("rows", rows(each));
            add("counts", counts(&each.tally));
            let first = each.items.first();
            add(
                "steps",
                nested(first.map_or(&each.steps, |item| &item.steps)),
            );
            let further = each.items.iter().skip(1).map(|item| {
                object([
                    ("sample", sample(&item.sample)),
                    ("steps", nested(&item.steps)),
                ])
            });
            add("more_items", Value::List(further.collect()));
            add("not_shown", each.not_shown.into());
        }
        OutlookKind::Use(used) => {
            add("kind", "use".into());
            add("uses", used.path.as_str().into());
            add("inputs", used.inputs.value.clone());
            add("problem", optional(used.problem.as_deref()));
            add("steps", nested(&used.steps));
            add("finally", nested(&used.finally));
        }
    }
    Value::Map(shown)
}

fn request(report: &PlanReport<'_>, outlook: &RequestOutlook) -> Value {
    let request = match &outlook.request {
        None => return Value::Null,
        Some(Err(problem)) => return object([("problem", problem.as_str().into())]),
        Some(Ok(request)) => request,
    };
    let Value::Map(mut shown) = request.describe() else {
        return Value::Null;
    };
    shown.insert(
        "url".to_owned(),
        url(report.target, request, report.masker).into(),
    );
    let unknown = outlook.marks.iter().map(|mark| {
        object([
            ("at", mark.at.as_str().into()),
            ("text", mark.text.as_str().into()),
            ("whole", Value::Bool(mark.is_whole)),
            ("type", optional(mark.kind.as_deref())),
        ])
    });
    shown.insert("unknown".to_owned(), Value::List(unknown.collect()));
    Value::Map(shown)
}

fn sample(row: &Sample) -> Value {
    object([
        ("number", row.number.into()),
        ("line", row.line.map_or(Value::Null, Value::from)),
        ("key", row.key.as_str().into()),
    ])
}

fn rows(each: &LoopOutlook) -> Value {
    let first = each.items.first();
    let sample = first.map_or(Value::Null, |item| sample(&item.sample));
    object([
        ("source", each.source.as_str().into()),
        ("count", each.rows.map_or(Value::Null, Value::from)),
        ("unreadable", each.unreadable.into()),
        ("unsendable", each.unsendable.into()),
        ("left_out", each.left_out.into()),
        ("known", optional(each.unknown.as_deref())),
        ("problem", optional(each.problem.as_deref())),
        (
            "batch",
            each.batch
                .map_or(Value::Null, |batch| Value::from(batch as u64)),
        ),
        ("concurrency", Value::from(each.concurrency as u64)),
        ("sample", sample),
    ])
}

/// Texts, keys and numbers without secrets; the document stays one.
pub fn masked(value: Value, masker: &Masker) -> Value {
    match value {
        Value::Text(text) => Value::Text(masker.mask(&text).into_owned()),
        Value::Number(number) => match masker.mask(number.as_str()) {
            std::borrow::Cow::Borrowed(_) => Value::Number(number),
            std::borrow::Cow::Owned(text) => Value::Text(text),
        },
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| masked(item, masker)).collect())
        }
        Value::Map(entries) => {
            let entries = entries.into_iter();
            let entries =
                entries.map(|(key, value)| (masker.mask(&key).into_owned(), masked(value, masker)));
            Value::Map(told_apart(entries).into_iter().collect())
        }
        other => other,
    }
}
