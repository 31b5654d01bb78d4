//! A plan as a comment on a merge request: what matters first, requests folded away. Whatever came from outside
//! is escaped or fenced, so that it cannot become markup.

use std::fmt::Write as _;

use super::amounts::{amount, budget_passed, limits, not_shown, pages, records, rows};
use super::human::{noted, one_line};
use super::{EFFECTS, PlanReport, effect_reason, place, pretty, rows_of, size, url};
use crate::action::Effect;
use crate::plan::foresee::{
    LoopOutlook, OutlookKind, RequestOutlook, Runs, StepOutlook, UseOutlook,
};
use crate::request::{Body, PartContent};

/// What is masked is so before it is escaped: the masker does not know how Markdown spells a text.
impl PlanReport<'_> {
    fn code(&self, content: &str) -> String {
        code(&self.masker.mask(content))
    }

    fn escaped(&self, text: &str) -> String {
        escaped(&self.masker.mask(text))
    }

    /// Words of ours, in which backticks mark code.
    fn prose(&self, text: &str) -> String {
        let text = self.masker.mask(text);
        let mut pieces = text.split('`');
        let mut shown = escaped(pieces.next().unwrap_or_default());
        while let Some(piece) = pieces.next() {
            match pieces.next() {
                Some(after) => {
                    shown.push_str(&code(piece));
                    shown.push_str(&escaped(after));
                }
                // A backtick without another means itself.
                None => shown.push_str(&escaped(&format!("`{piece}"))),
            }
        }
        shown
    }

    fn html(&self, text: &str) -> String {
        html(&self.masker.mask(text))
    }
}

/// The plan.
pub fn markdown(report: &PlanReport<'_>) -> String {
    let mut text = String::new();
    let file = report.playbook.source.name();
    let title = report
        .playbook
        .name
        .as_ref()
        .map_or(file, |name| &name.value);
    let target = report.target;
    let _ = writeln!(text, "### Plan: {}\n", report.escaped(title));
    let server = if report.is_sandbox {
        "emulated inside the run".to_owned()
    } else {
        report.code(&target.server)
    };
    let _ = writeln!(
        text,
        "{} to **{}** ({server}, operation {}), planned at {}, which is what `now()` gives.\n",
        report.code(file),
        report.escaped(&target.name),
        report.code(&target.operation),
        report.planned_at.strftime("%Y-%m-%d %H:%M:%S %:z"),
    );
    let tally = &report.outlook.tally;
    if tally.deleted.possible > 0 {
        let _ = writeln!(
            text,
            "> **Deletes {}**, which nothing can undo.\n",
            records(tally)
        );
    }
    counts(report, &mut text);
    for note in &report.notes {
        let _ = writeln!(text, "- {}", report.prose(note));
    }
    for finding in report.findings {
        let at = finding.place.as_ref().map_or_else(String::new, |place| {
            format!(" ({})", report.code(&place.to_string()))
        });
        let _ = writeln!(
            text,
            "- **{}**: {}{at}",
            finding.severity.as_str(),
            report.prose(&finding.message)
        );
    }
    if !(report.notes.is_empty() && report.findings.is_empty()) {
        text.push('\n');
    }
    steps(report, &report.outlook.steps, &mut text);
    if !report.outlook.finally.is_empty() {
        let _ = writeln!(text, "**finally**, also after a failure\n");
        steps(report, &report.outlook.finally, &mut text);
    }
    text.push_str("Nothing was sent.\n");
    text
}

fn counts(report: &PlanReport<'_>, text: &mut String) {
    let tally = &report.outlook.tally;
    let _ = writeln!(text, "| effect | requests |\n|---|---:|");
    for effect in EFFECTS {
        let count = tally.of(effect);
        if count.possible > 0 {
            let name = if effect == Effect::Delete {
                "**delete**"
            } else {
                effect.as_str()
            };
            let _ = writeln!(text, "| {name} | {} |", amount(count));
        }
    }
    let all = tally.requests();
    let _ = writeln!(text, "| **in all** | {} |", amount(all));
    let own = [
        ("limit of requests", report.limits.requests),
        ("limit of deletes", report.limits.deletes),
    ];
    for (what, limit) in own {
        if let Some(limit) = limit {
            let _ = writeln!(text, "| {what} | {limit} |");
        }
    }
    if let Some(budget) = report.budget {
        let _ = writeln!(
            text,
            "| left of today's budget | {} of {} |",
            budget.left(),
            budget.daily
        );
    }
    text.push('\n');
    for limit in limits(report) {
        if let Some(passed) = limit.passed {
            let _ = writeln!(text, "> {} {}, {passed}.\n", limit.what, limit.of);
        }
    }
    if let Some(passed) = report.budget.and_then(|budget| budget_passed(budget, all)) {
        let _ = writeln!(text, "> The {passed}.\n");
    }
}

fn steps(report: &PlanReport<'_>, steps: &[StepOutlook], text: &mut String) {
    for step in steps {
        let name = step
            .name
            .as_deref()
            .map_or_else(String::new, |name| format!(" {}", report.html(name)));
        let id = report.html(&step.id);
        let what = match &step.kind {
            OutlookKind::Request(request) => {
                let effect = match request.effect {
                    Effect::Delete => "<b>delete</b>".to_owned(),
                    other => other.to_string(),
                };
                format!("{effect}, <code>{}</code>", report.html(&request.action))
            }
            OutlookKind::Group(_) => "group".to_owned(),
            OutlookKind::Loop(each) => format!("for each row: {}", report.html(&rows(each))),
            OutlookKind::Use(used) => format!("uses <code>{}</code>", report.html(&used.path)),
        };
        let runs = match &step.runs {
            Runs::Yes => String::new(),
            Runs::OnlyIf { condition, mark } => {
                format!(
                    ", only if <code>{}</code> {}",
                    report.html(condition),
                    report.html(mark)
                )
            }
            Runs::No(reason) => format!(", skipped, because {}", report.html(reason)),
        };
        let _ = writeln!(
            text,
            "<details><summary><code>{id}</code>{name}: {what}{runs}</summary>\n"
        );
        match &step.kind {
            OutlookKind::Request(outlook) => request(report, step, outlook, text),
            OutlookKind::Group(nested) => self::steps(report, nested, text),
            OutlookKind::Loop(each) => looped(report, each, text),
            OutlookKind::Use(used) => self::used(report, used, text),
        }
        text.push_str("</details>\n\n");
    }
}

fn used(report: &PlanReport<'_>, used: &UseOutlook, text: &mut String) {
    if let Some(problem) = &used.problem {
        let _ = writeln!(text, "It cannot begin: {}\n", report.prose(problem));
    }
    let inputs = used.inputs.value.as_map().into_iter().flatten();
    for (name, value) in inputs {
        let _ = writeln!(
            text,
            "- {}: {}",
            report.escaped(name),
            report.code(&one_line(value))
        );
    }
    text.push('\n');
    steps(report, &used.steps, text);
    if !used.finally.is_empty() {
        let _ = writeln!(text, "**finally**, also after a failure in it\n");
        steps(report, &used.finally, text);
    }
}

fn looped(report: &PlanReport<'_>, each: &LoopOutlook, text: &mut String) {
    match &each.unknown {
        Some(_) => {
            let _ = writeln!(text, "Rows of {}.", report.escaped(&rows_of(each)));
        }
        None => {
            let _ = writeln!(text, "Rows of {}.", report.code(&each.source));
        }
    }
    if let Some(problem) = &each.problem {
        let _ = writeln!(text, "The rows cannot be read: {}", report.prose(problem));
    }
    text.push('\n');
    let what = if each.batch.is_some() {
        "The batch from row"
    } else {
        "Row"
    };
    for (row, of_item) in each.lists_of_steps() {
        if let Some(row) = row {
            let _ = writeln!(
                text,
                "{what} {}, key {}:\n",
                row.number,
                report.code(&row.key)
            );
        }
        steps(report, of_item, text);
    }
    if let Some(more) = not_shown(each) {
        let _ = writeln!(text, "{}.\n", report.escaped(&more));
    }
}

fn request(
    report: &PlanReport<'_>,
    step: &StepOutlook,
    outlook: &RequestOutlook,
    text: &mut String,
) {
    let at = place(step);
    let _ = writeln!(text, "{}\n", report.code(&at));
    if let Some(reason) = effect_reason(outlook) {
        let _ = writeln!(text, "{}: {}\n", outlook.effect, report.prose(&reason));
    }
    if let Some(pages) = pages(outlook) {
        let _ = writeln!(text, "Pages: {pages}.\n");
    }
    let request = match &outlook.request {
        None => return,
        Some(Err(problem)) => {
            let _ = writeln!(text, "No request can be made: {}\n", report.prose(problem));
            return;
        }
        Some(Ok(request)) => request,
    };
    let mut shown = format!(
        "{} {}\n",
        request.method.as_str(),
        url(report.target, request, report.masker)
    );
    match &request.body {
        Body::None => {}
        Body::Json(_) => {
            let json = request.describe().get("json").cloned().unwrap_or_default();
            shown.push_str(&pretty(&json, 0, &|pointer| {
                noted(&outlook.marks, "/json", pointer)
            }));
        }
        Body::Multipart(parts) => {
            for part in parts {
                let content = match &part.content {
                    PartContent::Text(text) => report.masker.mask(text).into_owned(),
                    PartContent::File(file) => format!(
                        "{}, {}, {}, sha256 {}",
                        file.name(),
                        size(file.size()),
                        file.media_type(),
                        file.sha256_hex()
                    ),
                };
                let name = one_line(&part.name.as_str().into());
                let _ = writeln!(shown, "{name}: {}", content.replace('\n', "\\n"));
            }
        }
    }
    fenced(shown.trim_end(), text);
}

/// A block of code that nothing in it can end.
fn fenced(content: &str, text: &mut String) {
    let longest = content
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat((longest + 1).max(3));
    let _ = writeln!(text, "{fence}\n{content}\n{fence}\n");
}

/// A piece of code that nothing in it can end, in one line.
fn code(content: &str) -> String {
    let content: String = content
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let longest = content
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if content.starts_with('`') || content.ends_with('`') {
        format!("{fence} {content} {fence}")
    } else {
        format!("{fence}{content}{fence}")
    }
}

/// Text in Markdown that means nothing but itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A mention would notify people.
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text in HTML inside Markdown that means nothing but itself in either.
fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '"' | '\'' | '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#'
            | '!' | '@' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_its_fence() {
        let mut text = String::new();
        fenced("a ```` b", &mut text);
        assert_eq!(text, "`````\na ```` b\n`````\n\n");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escaped("<b>*x*</b> | @you"),
            "&lt;b&gt;\\*x\\*&lt;/b&gt; \\| &#64;you"
        );
        assert_eq!(html("</summary>`"), "&#60;/summary&#62;&#96;");
    }
}
