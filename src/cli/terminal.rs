//! Standard output and standard error: masked, coloured only where that is wanted.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the environment says how wide lines may be"
)]

mod asking;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::stream::{AsLockedWrite, RawStream};
use anstream::{AutoStream, ColorChoice, adapter};

pub(super) use asking::forget_what_was_typed;

use super::ci::{Ci, without_commands};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{self, Color, Look};
use crate::secret::Masker;
use crate::source::Source;

/// Who reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Plain,
    /// GitHub Actions takes some lines for commands, and only those may be that are meant to.
    OfGithub,
}

/// A text whose characters are read in the order in which they stand: those that turn it about, by which a value could
/// look like another in a plan, are written as JSON escapes.
fn in_reading_order(text: &str) -> Cow<'_, str> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.is_ascii() || !text.contains(turns) {
        return text.into();
    }
    let mut ordered = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if turns(character) {
            let _ = write!(ordered, "\\u{:04x}", u32::from(character));
        } else {
            ordered.push(character);
        }
    }
    ordered.into()
}

/// Where a command writes. Nothing else in the program prints.
#[derive(Debug, Clone)]
pub(super) struct Terminal {
    masker: Masker,
    /// Whether somebody reads lines of the log as commands.
    log: Log,
}

impl Terminal {
    /// A terminal that masks nothing yet.
    pub(super) fn new() -> Self {
        Self {
            masker: Masker::none(),
            log: Log::Plain,
        }
    }

    /// A terminal in a CI system.
    pub(super) fn of(ci: Ci) -> Self {
        Self {
            log: match ci.resolved() {
                Ci::Github => Log::OfGithub,
                _ => Log::Plain,
            },
            ..Self::new()
        }
    }

    /// From now on no text that `masker` knows is written.
    pub(super) fn mask(&mut self, masker: Masker) {
        self.masker = masker;
    }

    /// What covers the texts that are written.
    pub(super) const fn masker(&self) -> &Masker {
        &self.masker
    }

    /// An answer, on standard output.
    pub(super) fn answer(&self, text: &str) {
        static COLOR: LazyLock<ColorChoice> =
            LazyLock::new(|| AutoStream::choice(&std::io::stdout()));
        note_written(self.write(std::io::stdout().lock(), *COLOR, &self.readable(text)));
    }

    /// Progress and complaints, on standard error.
    pub(super) fn say(&self, text: &str) {
        static COLOR: LazyLock<ColorChoice> =
            LazyLock::new(|| AutoStream::choice(&std::io::stderr()));
        let _ = self.write(std::io::stderr().lock(), *COLOR, &self.readable(text));
    }

    /// Lines that the CI system is to obey, on standard error: standard output may be for a program.
    pub(super) fn command(&self, text: &str) {
        let _ = self.write(std::io::stderr().lock(), ColorChoice::AlwaysAnsi, text);
    }

    /// As [`Terminal::command`], on standard output: they are the answer that was asked for.
    pub(super) fn answer_command(&self, text: &str) {
        note_written(self.write(std::io::stdout().lock(), ColorChoice::Never, text));
    }

    fn readable<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.log {
            // In JSON such marks stand in texts only, where they can be written otherwise.
            Log::OfGithub if text.starts_with(['{', '[']) => {
                text.replace("##[", "#\\u0023[").into()
            }
            Log::OfGithub => without_commands(text).into(),
            Log::Plain => text.into(),
        }
    }

    fn write(
        &self,
        mut to: impl RawStream + AsLockedWrite,
        color: ColorChoice,
        text: &str,
    ) -> std::io::Result<()> {
        // A secret may look like a number or a word of JSON, and what is covered must still be JSON.
        let masked = if text.starts_with(['{', '[']) {
            self.masker.mask_json_text(text)
        } else {
            self.masker.mask(text)
        };
        let masked = in_reading_order(&masked);
        if color == ColorChoice::Never {
            // A stream that takes colours out writes what is between them piece by piece, and standard error is
            // not buffered: lines of several processes would mix, and each piece is a call of the system.
            write_whole(&mut to, &adapter::strip_str(&masked).to_string())
        } else {
            write_whole(&mut AutoStream::new(to, color), &masked)
        }
    }

    /// Findings for people. Excerpts are cut to the width and helps are broken into lines, so secrets in them are
    /// covered before that.
    pub(super) fn findings(&self, findings: &[Diagnostic]) -> String {
        let mut findings = findings.to_vec();
        for finding in &mut findings {
            finding.message = self.masker.mask(&finding.message).into_owned();
            if let Some(help) = &mut finding.help {
                *help = self.masker.mask(help).into_owned();
            }
        }
        for place in findings
            .iter_mut()
            .filter_map(|finding| finding.place.as_mut())
        {
            // Of a withheld text no excerpt is made.
            if !self.masker.is_empty() && !place.source.is_withheld() {
                let text = self.masker.blot(place.source.text());
                place.source = Source::new(place.source.name(), text);
            }
        }
        render::human(
            &findings,
            Look {
                color: Color::Ansi,
                width: width(),
                breaks_messages: known_width().is_some(),
            },
        )
    }
}

/// Whether something that somebody waits for on standard output could not be written.
static IS_ANSWER_LOST: AtomicBool = AtomicBool::new(false);

/// Whether a part of the answer could not be written, and that was said.
pub(super) fn is_answer_lost() -> bool {
    IS_ANSWER_LOST.load(Ordering::Relaxed)
}

/// Says of an answer that was to be written what became of it: it may be lost where a disk is full. A pipe that is
/// closed has a reader who has read enough, and is no reason to stop a run that writes to a CRM.
pub(super) fn note_written(written: std::io::Result<()>) {
    let Err(error) = written else { return };
    if error.kind() == ErrorKind::BrokenPipe || IS_ANSWER_LOST.swap(true, Ordering::Relaxed) {
        return;
    }
    // Where that cannot be said either, the exit code still tells.
    let _ = writeln!(
        std::io::stderr(),
        "error: standard output cannot be written to, and what was to stand there is lost: {error}"
    );
}

fn write_whole(to: &mut impl Write, text: &str) -> std::io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// How wide lines may be: the terminal's width up to 100, else 80.
pub(super) fn width() -> usize {
    known_width().unwrap_or(80).clamp(40, 100)
}

/// What the environment or the terminal says; none where nobody looks on.
fn known_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok();
    columns.and_then(|text| text.parse().ok()).or_else(|| {
        terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| width.0.into())
    })
}
