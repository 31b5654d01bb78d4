//! `voxplay runs show`: a run event by event, or what of it is about one step or row.

use super::super::args::Format;
use super::super::resume::unreadable;
use super::super::terminal::Terminal;
use super::rows::Rows;
use super::told::told;
use crate::diagnostic::{Code, Diagnostic};
use crate::event::{EventKind, RunId};
use crate::journal::Journal;
use crate::report::json;

/// Which events are shown; nothing named is all of them.
pub(super) struct Filter<'a> {
    pub(super) step: Option<&'a str>,
    pub(super) row: Option<&'a str>,
}

impl Filter<'_> {
    const fn is_all(&self) -> bool {
        self.step.is_none() && self.row.is_none()
    }

    fn takes(&self, event: &EventKind) -> bool {
        let (step, row) = place(event);
        // The rows of a loop in a row are named after it.
        let within = |wanted: &str| {
            row.is_some_and(|row| {
                row.strip_prefix(wanted)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        self.step.is_none_or(|wanted| step == Some(wanted)) && self.row.is_none_or(within)
    }
}

/// The step and the row that an event speaks of.
fn place(event: &EventKind) -> (Option<&str>, Option<&str>) {
    let (step, row) = match event {
        EventKind::RunStarted(_) | EventKind::RunFinished(_) => return (None, None),
        EventKind::AttemptStarted(it) => (&it.step, &it.row),
        EventKind::AttemptFailed(it) => (&it.step, &it.row),
        EventKind::StepFinished(it) => (&it.step, &it.row),
        EventKind::LookedUp(it) => (&it.step, &it.row),
        EventKind::Reconciled(it) => (&it.step, &it.row),
        EventKind::RowFinished(it) => return (Some(&it.step), Some(&it.row)),
    };
    (Some(step), row.as_deref())
}

/// So many rows are told in all their events; of more, only those that want a look.
const ROWS_IN_FULL: usize = 10;

/// So much is gathered before it is written, in bytes: a run may have millions of events.
const PIECE: usize = 64 * 1024;

/// Writes the answer in pieces, as the journal is read.
pub(super) fn show(
    journal: &Journal,
    run: &RunId,
    filter: &Filter<'_>,
    format: Format,
    terminal: &Terminal,
) -> Result<(), Diagnostic> {
    let rows = if format == Format::Human && filter.is_all() {
        Rows::read(journal, run).map_err(|error| unreadable(&error))?
    } else {
        Rows::default()
    };
    let in_short = rows.count > ROWS_IN_FULL;
    let mut text = String::new();
    let mut found = false;
    for event in journal.events(run) {
        let (_, event) = event.map_err(|error| unreadable(&error))?;
        if !filter.takes(&event.kind) {
            continue;
        }
        found = true;
        match format {
            Format::Json => {
                let line = json::line(run, &event).unwrap_or_else(|| json::whole_line(run, &event));
                text.push_str(&line);
                text.push('\n');
            }
            Format::Human if in_short && place(&event.kind).1.is_some() => {}
            Format::Human => text.push_str(&told(&event)),
        }
        if text.len() >= PIECE {
            terminal.answer(&text);
            text.clear();
        }
    }
    if !found {
        return Err(nothing_of(run, filter));
    }
    if in_short {
        text.push_str(&rows.tell(run));
    }
    terminal.answer(&text);
    Ok(())
}

fn nothing_of(run: &RunId, filter: &Filter<'_>) -> Diagnostic {
    let named = [("step", filter.step), ("row", filter.row)];
    let named: Vec<String> = named
        .iter()
        .filter_map(|(what, name)| name.map(|name| format!("{what} {name}")))
        .collect();
    Diagnostic::error(
        Code::UnknownStep,
        format!("the run {run} has nothing of {}", named.join(", ")),
    )
    .help(format!("`voxplay runs show {run}` shows what it has"))
}
