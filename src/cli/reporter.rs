//! What the terminal hears of a run while it goes on: a line a step, a bar for a loop, JSON for programs.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Format;
use super::failures::Failures;
use super::terminal::{Terminal, width};
use crate::event::{Event, EventKind, RunId};
use crate::journal::{Journal, JournalError};
use crate::outcome::Outcome;
use crate::report::human::{self, Columns, InDoubt};
use crate::report::json;
use crate::report::record::Recorder;
use crate::run::{Progress, Watcher};

/// How often a plain line says how far a loop is, where no terminal shows a bar.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How often a bar is drawn anew.
const DRAW_EVERY: Duration = Duration::from_millis(50);

/// How many rows that did not go well are told one by one; the end of the run groups all by reason.
const MOST_ROWS_TOLD: u64 = 20;

/// Tells the terminal what happens.
pub(super) struct Reporter {
    terminal: Terminal,
    format: Format,
    columns: Columns,
    in_doubt: InDoubt,
    failures: Failures,
    /// What the reports are made of.
    recorder: Recorder,
    /// When a loop was last told of, since its beginning.
    told: Option<Duration>,
    /// Rows that were told of one by one.
    rows_told: u64,
    bar: Option<ProgressBar>,
    /// Whether a person looks on: then there is a bar.
    is_watched: bool,
}

impl Reporter {
    /// A reporter that has heard nothing yet.
    pub(super) fn new(
        terminal: Terminal,
        format: Format,
        columns: Columns,
        recorder: Recorder,
    ) -> Self {
        Self {
            terminal,
            format,
            columns,
            recorder,
            in_doubt: InDoubt::default(),
            failures: Failures::default(),
            told: None,
            rows_told: 0,
            bar: None,
            is_watched: std::io::stderr().is_terminal(),
        }
    }

    /// Takes what the earlier stretches of the run were into the record: a report is one of the whole run.
    ///
    /// # Errors
    /// Where any of it cannot be read: the report would say too little.
    pub(super) fn read_earlier(
        &mut self,
        journal: &Journal,
        run: &RunId,
    ) -> Result<(), JournalError> {
        for event in journal.events(run) {
            self.recorder.add(&event?.1);
        }
        Ok(())
    }

    /// What is in doubt, what failed, and the record of the run.
    pub(super) fn finish(self) -> (InDoubt, Failures, Recorder) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        (self.in_doubt, self.failures, self.recorder)
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.terminal.say(text)),
            None => self.terminal.say(text),
        }
    }

    /// Whether an event is one row too many to be told by itself.
    fn is_too_much(&mut self, event: &Event) -> bool {
        let EventKind::RowFinished(row) = &event.kind else {
            return false;
        };
        if matches!(row.outcome, Outcome::Failed | Outcome::Unknown) {
            self.rows_told += 1;
            if self.rows_told == MOST_ROWS_TOLD + 1 {
                self.say("  more rows that do not go well are told at the end, by reason\n");
            }
        }
        self.rows_told > MOST_ROWS_TOLD
    }

    fn draw(&mut self, progress: &Progress<'_>) {
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(progress.total, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("  {spinner} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        if progress.is_over {
            bar.finish_and_clear();
            self.bar = None;
        } else {
            let room = width().saturating_sub(4);
            bar.set_message(human::loop_state(progress, room));
            bar.tick();
        }
    }
}

impl Watcher for Reporter {
    fn progress(&mut self, progress: &Progress<'_>) {
        if self.format == Format::Json {
            return;
        }
        // The end of the loop is told by its own line.
        let since = progress
            .elapsed
            .saturating_sub(self.told.unwrap_or_default());
        let every = if self.is_watched {
            DRAW_EVERY
        } else {
            TELL_EVERY
        };
        if progress.is_over {
            self.told = None;
        } else if since >= every {
            self.told = Some(progress.elapsed);
        } else {
            return;
        }
        if self.is_watched {
            self.draw(progress);
        } else if !progress.is_over {
            self.terminal.say(&human::loop_progress(progress));
        }
    }

    fn event(&mut self, run: &RunId, event: &Event) {
        self.recorder.add(event);
        self.failures.add(&event.kind);
        match self.format {
            Format::Json => {
                if let Some(line) = json::line(run, event) {
                    self.terminal.answer(&format!("{line}\n"));
                }
            }
            Format::Human => {
                if !self.is_too_much(event)
                    && let Some(text) = human::progress(event, &self.columns)
                {
                    self.say(&text);
                }
            }
        }
        if matches!(event.kind, EventKind::StepFinished(_)) {
            self.in_doubt.add(&event.kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Durability;

    #[tokio::test]
    async fn what_cannot_be_read_of_earlier_stretches_is_not_left_out_of_the_report() {
        let journal = Journal::memory().unwrap();
        let run = RunId::parse("r").unwrap();
        let end =
            r#"{"step":"a","action":"record.update","outcome":"ok","attempts":1,"duration_ms":1}"#;
        let event = Event {
            time: "2026-03-01T10:00:00.000Z".to_owned(),
            kind: EventKind::parse("step_finished", end).unwrap(),
        };
        let mut reporter = Reporter::new(
            Terminal::new(),
            Format::Human,
            Columns::new([].into_iter(), 80),
            Recorder::new(run.clone()),
        );
        for body in [end, "{}"] {
            let written = journal.append_written(&run, &event, body.to_owned(), Durability::Now);
            written.await.unwrap();
        }
        let read = reporter.read_earlier(&journal, &run);
        assert!(
            matches!(read, Err(JournalError::Unreadable { .. })),
            "{read:?}"
        );
    }
}
