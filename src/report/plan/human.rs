//! A plan for people, in lines of a width. Plain text with ANSI colours, which the writer takes out where they do
//! not belong.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::amounts::{amount, budget_passed, limits, not_shown, pages, quantity, records, rows};
use super::{EFFECTS, Noted, PlanReport, effect_reason, place, pretty, rows_of, size, url};
use crate::action::Effect;
use crate::plan::foresee::{
    LoopOutlook, Mark, OutlookKind, RequestOutlook, Runs, Sample, StepOutlook, UseOutlook,
};
use crate::report::words::{harmless, plural, wrap};
use crate::request::{Body, Part, PartContent, Request};
use crate::value::Value;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const MARK: Style = AnsiColor::Magenta.on_default();

/// The plan.
pub fn human(report: &PlanReport<'_>, width: usize) -> String {
    let mut page = Page {
        report,
        width,
        text: String::new(),
    };
    page.head();
    page.counts();
    page.steps(&report.outlook.steps, 0);
    if !report.outlook.finally.is_empty() {
        let _ = writeln!(page.text, "\n{BOLD}finally{BOLD:#}, also after a failure");
        page.steps(&report.outlook.finally, 0);
    }
    page.end();
    page.text
}

fn style(effect: Effect) -> Style {
    match effect {
        Effect::Delete => AnsiColor::Red.on_default().bold(),
        Effect::Create => AnsiColor::Green.on_default(),
        Effect::Update => AnsiColor::Cyan.on_default(),
        Effect::Read => DIM,
    }
}

struct Page<'p> {
    report: &'p PlanReport<'p>,
    width: usize,
    text: String,
}

impl Page<'_> {
    /// Text from anywhere. What is masked is so before it is escaped and before lines are broken: a secret in two
    /// pieces is not found any more.
    fn shown(&self, text: &str) -> String {
        harmless(&self.report.masker.mask(text))
    }

    fn wrapped(&mut self, style: Style, text: &str, indent: usize) {
        let room = self.width.saturating_sub(indent).max(20);
        for line in wrap(&self.shown(text), room) {
            let _ = writeln!(self.text, "{:indent$}{style}{line}{style:#}", "");
        }
    }

    fn head(&mut self) {
        let report = self.report;
        let file = report.playbook.source.name();
        let title = report
            .playbook
            .name
            .as_ref()
            .map_or(file, |name| &name.value);
        self.wrapped(BOLD, title, 0);
        let target = report.target;
        let server = if report.is_sandbox {
            "emulated inside the run"
        } else {
            &target.server
        };
        let way = format!(
            "{file} to {} ({server}, operation {})",
            target.name, target.operation
        );
        self.wrapped(DIM, &way, 0);
        let at = report.planned_at.strftime("%Y-%m-%d %H:%M:%S %:z");
        self.wrapped(
            DIM,
            &format!("planned at {at}, which is what now() gives"),
            0,
        );
        let tally = &report.outlook.tally;
        if tally.deleted.possible > 0 {
            let red = style(Effect::Delete);
            let _ = writeln!(
                self.text,
                "\n{red}DELETES {}{red:#}, which nothing can undo",
                records(tally)
            );
        }
        for note in &report.notes {
            self.wrapped(DIM, &format!("note: {note}"), 0);
        }
    }

    fn counts(&mut self) {
        let report = self.report;
        let tally = &report.outlook.tally;
        self.text.push('\n');
        let mut kinds = 0;
        for effect in EFFECTS {
            let count = tally.of(effect);
            if count.possible == 0 {
                continue;
            }
            kinds += 1;
            let style = style(effect);
            let records = if effect == Effect::Delete {
                format!(" for {}", records(tally))
            } else {
                String::new()
            };
            let _ = writeln!(
                self.text,
                "  {style}{:<8}{style:#} {}{records}",
                effect.as_str(),
                quantity(count, "request"),
            );
        }
        let all = tally.requests();
        if kinds == 0 {
            let _ = writeln!(self.text, "  nothing would be sent");
        } else if kinds > 1 {
            let _ = writeln!(
                self.text,
                "  {BOLD}{:<8} {}{BOLD:#}",
                "in all",
                quantity(all, "request")
            );
        }
        self.limits();
        self.budget();
    }

    fn limits(&mut self) {
        for (at, limit) in limits(self.report).into_iter().enumerate() {
            let style = match limit.passed {
                Some(_) => AnsiColor::Yellow.on_default(),
                None => DIM,
            };
            let label = if at == 0 { "limits" } else { "" };
            let passed = limit
                .passed
                .map_or_else(String::new, |passed| format!(", {passed}"));
            let line = format!("{} {}{passed}", limit.what, limit.of);
            let lines = wrap(&line, self.width.saturating_sub(11).max(20));
            let _ = writeln!(
                self.text,
                "  {style}{label:<8} {}{style:#}",
                lines.join("\n           ")
            );
        }
    }

    fn budget(&mut self) {
        let Some(budget) = self.report.budget else {
            return;
        };
        let needs = self.report.outlook.tally.requests();
        let passed = budget_passed(budget, needs);
        let style = if passed.is_some() {
            AnsiColor::Yellow.on_default()
        } else {
            DIM
        };
        let line = format!(
            "needs {} of the {} requests left today ({} a day, {} sent)",
            amount(needs),
            budget.left(),
            budget.daily,
            budget.sent_today
        );
        let _ = write!(self.text, "  {style}{:<8} ", "budget");
        let lines = wrap(&line, self.width.saturating_sub(11).max(20));
        let _ = writeln!(self.text, "{}{style:#}", lines.join("\n           "));
        if let Some(passed) = passed {
            self.wrapped(style, &format!("the {passed}"), 11);
        }
    }

    fn steps(&mut self, steps: &[StepOutlook], indent: usize) {
        for step in steps {
            self.text.push('\n');
            self.title(step, indent);
            let inner = indent + 2;
            self.runs(&step.runs, inner);
            match &step.kind {
                OutlookKind::Request(request) => self.request(step, request, inner),
                OutlookKind::Group(nested) => self.steps(nested, inner),
                OutlookKind::Loop(each) => self.looped(step, each, inner),
                OutlookKind::Use(used) => self.used(step, used, inner),
            }
        }
    }

    /// The id and the name of a step, the name on lines of its own where it has no room.
    fn title(&mut self, step: &StepOutlook, indent: usize) {
        let id = self.shown(&step.id);
        let name = self.shown(step.name.as_deref().unwrap_or_default());
        let _ = write!(self.text, "{:indent$}{BOLD}{id}{BOLD:#}", "");
        let wide = indent + id.chars().count() + 2 + name.chars().count();
        if name.is_empty() {
            self.text.push('\n');
        } else if wide <= self.width {
            let _ = writeln!(self.text, "  {name}");
        } else {
            self.text.push('\n');
            self.wrapped(Style::new(), &name, indent + 2);
        }
    }

    fn runs(&mut self, runs: &Runs, indent: usize) {
        match runs {
            Runs::Yes => {}
            Runs::OnlyIf { condition, mark } => {
                let text = format!("only if {condition}  {mark}");
                self.wrapped(AnsiColor::Yellow.on_default(), &text, indent);
            }
            Runs::No(reason) => self.wrapped(DIM, &format!("skipped, because {reason}"), indent),
        }
    }

    fn request(&mut self, step: &StepOutlook, outlook: &RequestOutlook, indent: usize) {
        let effect = style(outlook.effect);
        let Some(request) = &outlook.request else {
            return;
        };
        let records = match (outlook.effect, outlook.records) {
            (Effect::Delete, Some(Some(records))) => format!(" of {}", plural(records, "record")),
            (Effect::Delete, Some(None)) => " of records not known yet".to_owned(),
            _ => String::new(),
        };
        let what = format!("{}{records}", outlook.effect);
        let action = self.shown(&outlook.action);
        let at = self.shown(&place(step));
        let _ = write!(
            self.text,
            "{:indent$}{effect}{}{effect:#}{records}  {DIM}{action}",
            "", outlook.effect
        );
        let wide = [&what, &action, &at].map(|text| text.chars().count());
        if indent + wide.iter().sum::<usize>() + 4 <= self.width {
            let _ = writeln!(self.text, ", {at}{DIM:#}");
        } else {
            let _ = writeln!(self.text, "{DIM:#}");
            self.wrapped(DIM, &at, indent);
        }
        if let Some(reason) = effect_reason(outlook) {
            self.wrapped(DIM, &reason, indent);
        }
        if let Some(pages) = pages(outlook) {
            self.wrapped(DIM, &pages, indent);
        }
        match request {
            Err(problem) => self.wrapped(
                AnsiColor::Red.on_default(),
                &format!("no request can be made: {problem}"),
                indent,
            ),
            Ok(request) => {
                let _ = writeln!(
                    self.text,
                    "{:indent$}{} {}",
                    "",
                    request.method.as_str(),
                    harmless(&url(self.report.target, request, self.report.masker))
                );
                self.body(request, &outlook.marks, indent);
            }
        }
    }

    fn body(&mut self, request: &Request, marks: &[Mark], indent: usize) {
        match &request.body {
            Body::None => {}
            Body::Json(_) => {
                let shown = request.describe();
                let json = shown.get("json").cloned().unwrap_or_default();
                let body = pretty(&json, indent, &|pointer| noted(marks, "/json", pointer));
                for line in body.lines() {
                    let _ = writeln!(self.text, "{}", coloured(&self.shown(line), marks));
                }
            }
            Body::Multipart(parts) => self.parts(parts, marks, indent),
        }
    }

    fn parts(&mut self, parts: &[Part], marks: &[Mark], indent: usize) {
        let longest = parts.iter().map(|part| part.name.chars().count()).max();
        let names = longest.unwrap_or_default().min(24);
        let inner = indent + 2;
        let _ = writeln!(self.text, "{:indent$}multipart/form-data", "");
        for part in parts {
            let name = self.shown(&part.name);
            let _ = write!(self.text, "{:inner$}{name:<names$}  ", "");
            match &part.content {
                PartContent::Text(text) => {
                    let _ = writeln!(self.text, "{}", coloured(&self.shown(text), marks));
                }
                PartContent::File(file) => {
                    let _ = writeln!(
                        self.text,
                        "{}, {}, {}",
                        self.shown(file.name()),
                        size(file.size()),
                        file.media_type()
                    );
                    let _ = writeln!(
                        self.text,
                        "{:inner$}{DIM}sha256 {}{DIM:#}",
                        "",
                        file.sha256_hex()
                    );
                }
            }
        }
    }

    fn looped(&mut self, step: &StepOutlook, each: &LoopOutlook, indent: usize) {
        let from = format!("for each row of {}", rows_of(each));
        self.placed(&from, step, indent);
        if let Some(problem) = &each.problem {
            self.wrapped(
                AnsiColor::Red.on_default(),
                &format!("the rows cannot be read: {problem}"),
                indent,
            );
        }
        if matches!(step.runs, Runs::No(_)) {
            return;
        }
        self.wrapped(Style::new(), &rows(each), indent);
        for item in &each.items {
            self.text.push('\n');
            self.wrapped(DIM, &row(&item.sample, each.batch.is_some()), indent);
            self.steps(&item.steps, indent + 2);
        }
        if each.items.is_empty() && each.rows != Some(0) {
            self.steps(&each.steps, indent);
        }
        if let Some(more) = not_shown(each) {
            self.text.push('\n');
            self.wrapped(DIM, &more, indent);
        }
    }

    /// What a step does and where it is written, on one line if that has room.
    fn placed(&mut self, what: &str, step: &StepOutlook, indent: usize) {
        let (what, place) = (self.shown(what), self.shown(&place(step)));
        let room = self.width.saturating_sub(indent);
        if what.chars().count() + 2 + place.chars().count() <= room {
            let _ = writeln!(self.text, "{:indent$}{what}  {DIM}{place}{DIM:#}", "");
        } else {
            self.wrapped(Style::new(), &what, indent);
            self.wrapped(DIM, &place, indent);
        }
    }

    fn used(&mut self, step: &StepOutlook, used: &UseOutlook, indent: usize) {
        self.placed(&format!("uses {}", used.path), step, indent);
        if matches!(step.runs, Runs::No(_)) {
            return;
        }
        if let Some(problem) = &used.problem {
            let text = format!("it cannot begin: {problem}");
            self.wrapped(AnsiColor::Red.on_default(), &text, indent);
        }
        for (name, value) in used.inputs.value.as_map().into_iter().flatten() {
            let value = self.shown(&one_line(value));
            let _ = writeln!(self.text, "{:indent$}{} = {value}", "", self.shown(name));
        }
        self.steps(&used.steps, indent);
        if !used.finally.is_empty() {
            let _ = writeln!(
                self.text,
                "\n{:indent$}{BOLD}finally{BOLD:#}, also after a failure in it",
                ""
            );
            self.steps(&used.finally, indent);
        }
    }

    fn end(&mut self) {
        let report = self.report;
        let all = report.outlook.all_steps();
        let unknown: BTreeSet<&str> = all
            .into_iter()
            .filter(|step| match &step.kind {
                OutlookKind::Request(request) => !request.marks.is_empty(),
                _ => false,
            })
            .map(|step| step.id.as_str())
            .collect();
        let unknown = unknown.len() as u64;
        self.text.push('\n');
        if unknown > 0 {
            let text = format!(
                "{} with values that are only known during the run. Nothing was sent.",
                plural(unknown, "step")
            );
            self.wrapped(DIM, &text, 0);
        } else {
            self.wrapped(DIM, "Nothing was sent.", 0);
        }
    }
}

/// Which row of a loop is shown.
fn row(row: &Sample, is_batch: bool) -> String {
    let what = if is_batch {
        "the batch from row"
    } else {
        "row"
    };
    let line = row
        .line
        .map_or_else(String::new, |line| format!(", line {line}"));
    let key = if row.key == row.number.to_string() {
        String::new()
    } else {
        format!(", key {}", row.key)
    };
    format!("{what} {}{line}{key}:", row.number)
}

/// A value that is nothing but a mark stands without quotes, its type behind it.
pub(super) fn noted(marks: &[Mark], root: &str, pointer: &str) -> Option<Noted> {
    let mark = marks.iter().find(|mark| {
        mark.is_whole
            && mark
                .at
                .strip_prefix(root)
                .is_some_and(|rest| rest == pointer)
    })?;
    Some(Noted {
        text: mark.text.clone(),
        remark: mark.kind.clone(),
    })
}

fn coloured(line: &str, marks: &[Mark]) -> String {
    let mut line = line.to_owned();
    let mut done: Vec<&str> = Vec::new();
    for mark in marks {
        if !done.contains(&mark.text.as_str()) {
            done.push(&mark.text);
            line = line.replace(&mark.text, &format!("{MARK}{}{MARK:#}", mark.text));
        }
    }
    line
}

/// A value in one line.
pub(super) fn one_line(value: &Value) -> String {
    value.scalar_text().unwrap_or_else(|| value.to_json_text())
}
