//! The local driver: it obeys the machine, on real time, with a real journal and a real connection.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the driver waits and reads the clock"
)]

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::lane::Surroundings;
use super::pace::{Leave, Pace};
use super::rows::{AccountFiles, RowNotes};
use super::{Command, History, Input, Lane, LaneEnd, Meter, NoLeave, Stop, sum};
use crate::action::TargetFacts;
use crate::attachment::Attachment;
use crate::event::{
    BUDGET_USED_UP, Counts, Event, EventKind, RunFinished, RunId, RunOutcome, RunStarted,
    STEP_FAILED, STEP_IN_DOUBT, step_name,
};
use crate::journal::{Durability, Journal, JournalError};
use crate::outcome::Outcome;
use crate::plan::{AccountPaths, Home, Plan, render_outputs};
use crate::project::Confinement;
use crate::request::Request;
use crate::secret::Masker;
use crate::template::Scope;
use crate::transport::{Response, SendError, Transport};
use crate::value::Value;

/// How long a request in flight may take to finish once the run was told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Is told what happened, after it was written down. Events are masked.
pub trait Watcher {
    /// One event.
    fn event(&mut self, run: &RunId, event: &Event);
    /// How far a loop is. It is told often; whoever shows it decides how often.
    fn progress(&mut self, progress: &Progress<'_>);
}

/// How far a loop is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'l> {
    /// The loop's id.
    pub step: &'l str,
    /// Its rows so far.
    pub counts: Counts,
    /// How many rows there are, where that is known.
    pub total: Option<u64>,
    /// How long it has been going on.
    pub elapsed: Duration,
    /// Whether it is over.
    pub is_over: bool,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// What is about to happen, or has, could not be written down.
    #[error("{error}")]
    Journal {
        /// What the journal says.
        error: JournalError,
        /// Requests sent before that.
        sent: u64,
        /// The step whose answer came and could not be written down.
        unrecorded: Option<Unrecorded>,
    },
}

/// What became of a step, where only this says so.
#[derive(Debug)]
pub struct Unrecorded {
    /// The step, as `reconcile` calls it.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether the CRM did what it was asked.
    pub is_accepted: bool,
    /// The id that the CRM gave.
    pub wolkvox_id: Option<String>,
}

/// Everything that a run needs from outside.
pub struct Driver<'d> {
    /// The run's id.
    pub run: &'d RunId,
    /// The checked playbook.
    pub plan: &'d Plan,
    /// Where requests go.
    pub target: &'d TargetFacts,
    /// What carries them.
    pub transport: &'d Transport,
    /// Where events are written down.
    pub journal: &'d Journal,
    /// Which files may be read.
    pub files: &'d Confinement,
    /// What must not show.
    pub masker: &'d Masker,
    /// What an earlier stretch of this run has done.
    pub history: &'d History,
    /// Turns true when the run is to stop.
    pub interrupted: watch::Receiver<bool>,
    /// How fast it may go.
    pub pace: &'d Pace,
    /// What it has sent so far, against its limits.
    pub meter: &'d Meter,
    /// Where accounts of rows are written, by loop: what the command line says, before the playbook.
    pub accounts: &'d dyn Fn(&str, &AccountPaths) -> AccountFiles,
    /// Who is told.
    pub watcher: RefCell<&'d mut dyn Watcher>,
}

impl Driver<'_> {
    /// Runs the plan to its end; `scope` is what templates see before the first step.
    ///
    /// # Errors
    /// When an event cannot be written down: then nothing more is sent.
    pub async fn run(self, started: RunStarted, scope: Scope) -> Result<RunFinished, RunError> {
        let clock = Instant::now();
        self.record(EventKind::RunStarted(started), Durability::Now)
            .await?;
        let main = Lane::new(self.plan.steps(), scope, None, self.around());
        let main = self.drive(main, None, clock, None).await?;
        let finally = Lane::last(self.plan.finally(), main.scope.clone(), self.around());
        let finally = self.drive(finally, None, clock, main.stop).await?;
        let mut finished = self.finish(&main, &finally, milliseconds(clock));
        if self.leaves_doubts(&finished).await? {
            finished.outcome = RunOutcome::Unknown;
        }
        self.record(EventKind::RunFinished(finished.clone()), Durability::Now)
            .await?;
        Ok(finished)
    }

    /// Whether an earlier stretch left a doubt that this one did not come to: its row is not in the data any more,
    /// or its step not in the playbook.
    async fn leaves_doubts(&self, finished: &RunFinished) -> Result<bool, RunError> {
        let is_open = matches!(
            finished.outcome,
            RunOutcome::Interrupted | RunOutcome::Unknown
        );
        if is_open || !self.history.is_of_journal() {
            return Ok(false);
        }
        self.journal.flush().await.map_err(|it| self.unread(it))?;
        let doubts = self.journal.in_doubt(self.run);
        let doubts = doubts.map_err(|it| self.unread(it))?;
        let comes_back = finished.is_out_of_budget();
        Ok(doubts.iter().any(|doubt| !(doubt.is_left && comes_back)))
    }

    fn unread(&self, error: JournalError) -> RunError {
        RunError::Journal {
            error,
            sent: self.meter.requests(),
            unrecorded: None,
        }
    }

    /// Ends the run where something of its history could not be read: what it was told then would have things sent that
    /// were sent before.
    pub(super) fn check_history(&self) -> Result<(), RunError> {
        match self.history.take_failure() {
            Some(error) => Err(self.unread(error)),
            None => Ok(()),
        }
    }

    pub(super) fn around(&self) -> Surroundings<'_> {
        Surroundings {
            target: self.target,
            meter: self.meter,
            history: self.history,
            run: self.run.as_str(),
        }
    }

    /// Drives a lane to its end. `notes` hears when its row has begun; `before` is what stopped the lane
    /// before it: after an interruption, or at the end of the budget, nothing more begins.
    pub(super) async fn drive<'p>(
        &'p self,
        mut lane: Lane<'p>,
        mut notes: Option<&mut RowNotes>,
        clock: Instant,
        before: Option<Stop>,
    ) -> Result<LaneEnd, RunError> {
        if before == Some(Stop::Budget) {
            lane.stop_before_start(Stop::Budget);
        }
        let mut leave = None;
        let mut input = Input::Go;
        loop {
            if *self.interrupted.borrow() || before == Some(Stop::Interrupted) {
                lane.interrupt();
            }
            let command = lane.advance(input, milliseconds(clock));
            self.check_history()?;
            if !command.leads_to_a_request() {
                // Whoever holds a place and sends nothing would wait for it himself.
                leave = None;
            }
            if let (Some(notes), Command::Send(..) | Command::Loop(..)) = (&mut notes, &command) {
                notes.begin();
            }
            input = match command {
                Command::Record(event, durability) => {
                    self.record(*event, durability).await?;
                    Input::Recorded
                }
                Command::Attach(home, paths) => Input::Attached(self.attach(home, paths).await),
                Command::Admit(most) => match self.admit(most, notes.as_deref()).await {
                    Ok(granted) => {
                        let waited = u64::try_from(granted.waited.as_millis()).unwrap_or(u64::MAX);
                        leave = Some(granted);
                        Input::Admitted(Ok(waited))
                    }
                    Err(refused) => Input::Admitted(Err(refused)),
                },
                Command::Send(request, timeout) => {
                    let answer = self.send(&request, timeout).await;
                    self.heed(leave.take(), &answer);
                    Input::Answered(Box::new(answer))
                }
                Command::Wait(wait) => {
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.interruption() => {}
                    }
                    Input::Woke
                }
                Command::Loop(step, each, scope, left_out) => {
                    let row = lane.row().map(str::to_owned);
                    let rows = self.rows((step, each), scope, row, left_out, clock);
                    let end = Box::pin(rows).await?;
                    Input::Looped(Box::new(end))
                }
                Command::Done(end) => return Ok(end),
            };
        }
    }

    /// Waits for the pace, but no longer than the run goes on, or than the row may begin.
    async fn admit(&self, most: Duration, row: Option<&RowNotes>) -> Result<Leave<'_>, NoLeave> {
        let too_late = async {
            match row {
                Some(row) => row.is_too_late().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = too_late => Err(NoLeave::TooLate),
            granted = self.pace.admit(most) => granted,
            () = self.interruption() => Ok(Leave::none()),
        }
    }

    /// Returns when the run is told to stop; never where nobody can tell it.
    async fn interruption(&self) {
        if self
            .interrupted
            .clone()
            .wait_for(|stop| *stop)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }

    /// A server that asks one request to wait means everybody. What was not sent is none of the day's requests.
    fn heed(&self, leave: Option<Leave<'_>>, answer: &Result<Response, SendError>) {
        if let Some(leave) = leave
            && !matches!(answer, Err(SendError::NotSent(_)))
        {
            leave.used();
        }
        if let Ok(response) = answer
            && matches!(response.status, 429 | 503)
            && let Some(wish) = response.retry_after
        {
            self.pace.hold(wish);
        }
    }

    pub(super) async fn record(
        &self,
        kind: EventKind,
        durability: Durability,
    ) -> Result<(), RunError> {
        // As long as all are until the year 10000.
        let mut time = String::with_capacity("2026-05-30T15:00:00.000Z".len());
        let _ = write!(time, "{:.3}", Timestamp::now());
        let failed = |error: JournalError, kind: Option<&EventKind>| RunError::Journal {
            error,
            // A request that was meant to be sent, and whose intent could not be written, was not.
            sent: self.meter.requests().saturating_sub(u64::from(matches!(
                kind,
                Some(EventKind::AttemptStarted(_))
            ))),
            unrecorded: kind.and_then(answered),
        };
        let (kind, body) = kind
            .written(self.masker)
            .map_err(|error| failed(self.journal.unwritable(&error), None))?;
        let event = Event { time, kind };
        let written = self
            .journal
            .append_written(self.run, &event, body, durability)
            .await;
        // An answer that came is shown even where it could not be written down.
        if written.is_ok() || answered(&event.kind).is_some() {
            self.watcher.borrow_mut().event(self.run, &event);
        }
        written.map_err(|error| failed(error, Some(&event.kind)))
    }

    async fn attach(&self, home: &Home, paths: Vec<String>) -> Result<Vec<Attachment>, String> {
        let files = home.files(self.files);
        let mut attachments = Vec::with_capacity(paths.len());
        for written in paths {
            let resolved = files
                .resolve(&written)
                .map_err(|diagnostic| crate::diagnostic::in_one_line(&diagnostic))?;
            let described = tokio::task::spawn_blocking(move || describe(&resolved.path))
                .await
                .expect("describing a file does not panic");
            attachments.push(
                described.map_err(|error| format!("the file {written} cannot be read: {error}"))?,
            );
        }
        Ok(attachments)
    }

    async fn send(&self, request: &Request, timeout: Duration) -> Result<Response, SendError> {
        let given_up = async {
            self.interruption().await;
            tokio::time::sleep(GRACE).await;
        };
        let sending = self.transport.send_unless(request, timeout, given_up);
        sending.await
    }

    /// The end of the run from the ends of its lanes.
    fn finish(&self, main: &LaneEnd, finally: &LaneEnd, duration_ms: u64) -> RunFinished {
        let counts = sum([main.counts, finally.counts]);
        let stops = [main.stop, finally.stop];
        let outcome = if stops.contains(&Some(Stop::Interrupted)) {
            RunOutcome::Interrupted
        } else if counts.unknown > 0 {
            RunOutcome::Unknown
        } else if counts.failed > 0 || stops.iter().flatten().any(|stop| stop.is_failure()) {
            RunOutcome::Failed
        } else if stops.contains(&Some(Stop::Budget)) {
            RunOutcome::Budget
        } else {
            RunOutcome::Ok
        };
        let (outputs, missing) =
            render_outputs(self.plan.outputs(), &finally.scope, self.plan.source());
        RunFinished {
            outcome,
            counts,
            rows: sum([main.rows, finally.rows]),
            waited_ms: u64::try_from(self.pace.waited().as_millis()).unwrap_or(u64::MAX),
            requests: self.meter.requests(),
            stretch_requests: Some(self.meter.in_this_stretch()),
            outputs,
            missing_outputs: missing
                .into_iter()
                .map(|(name, why)| (name.to_owned(), why))
                .collect(),
            duration_ms,
            stopped: main.stop.map(|stop| {
                match (stop, &main.why) {
                    (Stop::Failed | Stop::Unknown, Some(why)) => why,
                    (Stop::Failed, None) => STEP_FAILED,
                    (Stop::Unknown, _) => STEP_IN_DOUBT,
                    (Stop::Budget, _) => BUDGET_USED_UP,
                    (Stop::Interrupted, _) => "the run was interrupted",
                    (Stop::Limit(limit), _) => return limit.reached(),
                }
                .to_owned()
            }),
        }
    }
}

/// The step whose answer an event records.
fn answered(kind: &EventKind) -> Option<Unrecorded> {
    match kind {
        EventKind::StepFinished(end) if end.attempts > 0 => Some(Unrecorded {
            name: step_name(&end.step, end.row.as_deref()),
            outcome: end.outcome,
            is_accepted: end.accepted,
            wolkvox_id: end.wolkvox_id.as_ref().and_then(Value::scalar_text),
        }),
        _ => None,
    }
}

fn describe(path: &Path) -> std::io::Result<Attachment> {
    Attachment::describe(path)
}

pub(super) fn milliseconds(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX)
}
