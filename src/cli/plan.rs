//! `voxplay plan`: every request as it would be sent, nothing sent, nothing written but what `--out` names.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the plan's instant is read from the clock here"
)]

use jiff::Timestamp;

use super::args::{PlanArgs, PlanFormat, PlaybookArgs};
use super::ci::{Ci, named_for_repository};
use super::limits::{Needs, check_limits};
use super::open::shown;
use super::prepare::{self, Occasion, Prepared};
use super::terminal::{Terminal, width};
use super::{Exit, accounts, saved, state};
use crate::diagnostic::render;
use crate::diagnostic::{Diagnostic, in_one_line};
use crate::draft;
use crate::journal::peek;
use crate::plan::Origin;
use crate::plan::foresee::{FailingRows, Outlook, RowsShown};
use crate::report::plan::{self, Budget, InputLine, LimitLines, PlanReport, Salt};

pub(super) fn plan(args: &PlanArgs) -> Exit {
    let mut terminal = Terminal::of(args.ci);
    if let Some(finding) = args.out.as_deref().and_then(saved::objection) {
        return refuse(&terminal, args, &[finding]);
    }
    let mut findings = Vec::new();
    let mut secrets = Vec::new();
    let occasion = Occasion::look(Timestamp::now());
    let prepared = prepare::prepare(&args.what, occasion, &mut findings, &mut secrets);
    let masker = prepare::masker(&secrets, &findings);
    terminal.mask(masker.clone());
    let Some(prepared) = prepared else {
        return refuse(&terminal, args, &findings);
    };
    findings.extend(accounts::check_own(
        &prepared.plan,
        &prepared.rehearsal,
        &prepared.files,
        (&args.what.playbook, &prepared.root),
    ));
    let rows = if args.all_rows {
        RowsShown::All
    } else {
        RowsShown::Some
    };
    let outlook = saved::outlook(&prepared, &args.what, rows);
    // Of the rows that were looked at before, everything was said.
    let looked_at = |id: &str| prepared.rehearsal.looked_at.get(id).map_or(0, |it| it.rows);
    let failing = outlook.failing.iter();
    let failing = failing.filter(|rows| rows.last > looked_at(&rows.id));
    findings.extend(failing.map(FailingRows::finding));
    let needs = Needs::from(&outlook.tally);
    check_limits(prepared.playbook(), &prepared.project, needs, &mut findings);
    let salt = Salt::new(&format!("{}{}", prepared.run, uuid::Uuid::now_v7()));
    let identity = saved::identity(&prepared, &outlook, &args.what, salt);
    let (budget, journal_note) = budget(args, &prepared);
    let mut notes = notes(&args.what, &prepared, &outlook);
    if args.out.is_some() {
        notes.extend(saved::left_out(&prepared));
    }
    notes.extend(journal_note);
    let report = PlanReport {
        playbook: prepared.playbook(),
        outlook: &outlook,
        target: &prepared.facts,
        is_sandbox: args.what.sandbox,
        planned_at: prepared.started_at.to_zoned(prepared.zone.clone()),
        identity: &identity,
        inputs: input_lines(&prepared),
        limits: limits(&prepared),
        budget,
        notes,
        findings: &findings,
        masker: &masker,
    };
    let mut exit = Exit::of_findings(&findings);
    let document = |report: &PlanReport<'_>| {
        let document = plan::document(report);
        format!("{}\n", plan::pretty(&document, 0, &|_| None))
    };
    match args.format {
        PlanFormat::Human => {
            terminal.answer(&plan::human(&report, width()));
            if !findings.is_empty() {
                terminal.say("\n");
                terminal.say(&terminal.findings(&findings));
            }
        }
        PlanFormat::Json => terminal.answer(&document(&report)),
        PlanFormat::Markdown => terminal.answer(&plan::markdown(&report)),
    }
    annotate(&terminal, args, &findings);
    // A plan that no run would take is not saved.
    if let (Some(path), None) = (&args.out, exit) {
        match draft::write(path, &document(&report)) {
            Ok(()) => terminal.say(&format!("saved as {}\n", shown(path))),
            Err(error) => {
                let finding = saved::unwritable(path, &error.to_string());
                terminal.say(&terminal.findings(std::slice::from_ref(&finding)));
                exit = Exit::of_findings(&[finding]);
            }
        }
    }
    exit.unwrap_or(Exit::Ok)
}

/// What is wrong with a run of which no plan can be made.
fn refuse(terminal: &Terminal, args: &PlanArgs, findings: &[Diagnostic]) -> Exit {
    if args.format == PlanFormat::Json {
        terminal.answer(&render::json_lines(findings));
    } else {
        terminal.say(&terminal.findings(findings));
        terminal.say(&format!(
            "\n{}: there is no plan\n",
            render::summary(findings)
        ));
    }
    annotate(terminal, args, findings);
    Exit::of_findings(findings).unwrap_or(Exit::Bug)
}

/// Shows findings on GitHub at their lines.
fn annotate(terminal: &Terminal, args: &PlanArgs, findings: &[Diagnostic]) {
    if args.ci.resolved() == Ci::Github {
        terminal.command(&render::github(&named_for_repository(findings)));
    }
}

fn notes(what: &PlaybookArgs, prepared: &Prepared, outlook: &Outlook) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(missing) = &prepared.without_token {
        notes.push(format!(
            "a plan needs no token, a run does: {}",
            in_one_line(missing)
        ));
    }
    if outlook.tally.deleted.possible > 0 && !what.sandbox {
        notes.push("a run needs `--allow delete`, or a yes at the terminal".to_owned());
    }
    notes.extend(prepared.plan.documentation_remarks());
    notes
}

fn limits(prepared: &Prepared) -> LimitLines {
    let limits = prepared.project.config.limits_of(prepared.playbook());
    LimitLines {
        requests: limits.requests.map(|limit| limit.value),
        deletes: limits.deletes.map(|limit| limit.value),
    }
}

/// The day's requests, where the target has a budget, and what keeps them from being counted.
fn budget(args: &PlanArgs, prepared: &Prepared) -> (Option<Budget>, Option<String>) {
    let Some(daily) = prepared.target.daily_budget else {
        return (None, None);
    };
    let state = state::of_run(args.state_dir.as_deref(), &prepared.root);
    let midnight = prepare::midnight(prepared.started_at, &prepared.zone);
    let facts = &prepared.facts;
    let sent = peek::requests_since(
        &state,
        &facts.server,
        &facts.operation,
        &format!("{midnight:.3}"),
    );
    let (sent_today, note) = match sent {
        Ok(sent) => (sent.unwrap_or(0), None),
        Err(error) => (
            0,
            Some(format!("today's requests are not counted: {error}")),
        ),
    };
    (Some(Budget { daily, sent_today }), note)
}

/// Where the value of an input came from, in words.
pub(super) fn origin(origin: &Origin, name: &str) -> String {
    match origin {
        Origin::Flag => format!("-i {name}"),
        Origin::File(file) => format!("--inputs {file}"),
        Origin::Environment(variable) => format!("the environment variable {variable}"),
        Origin::Default => "its default".to_owned(),
    }
}

fn input_lines(prepared: &Prepared) -> Vec<InputLine> {
    let inputs = &prepared.inputs;
    prepared
        .playbook()
        .inputs
        .iter()
        .filter_map(|input| {
            let name = &input.name.value;
            let value = inputs.values.get(name)?;
            Some(InputLine {
                name: name.clone(),
                value: (!input.secret).then(|| value.clone()),
                from: inputs
                    .origins
                    .get(name)
                    .map_or_else(String::new, |from| origin(from, name)),
            })
        })
        .collect()
}
