//! The CRM that is emulated inside the process of a run.

use std::fmt::Write as _;

use super::args::{Format, RunArgs};
use super::terminal::{Terminal, width};
use crate::diagnostic::{Code, Diagnostic};
use crate::report::words::{harmless, wrap};
use crate::sandbox::{Faults, Options, Sandbox};

/// The CRM that is emulated inside this process, where it is asked for.
pub(super) async fn start(args: &RunArgs) -> Result<Option<Sandbox>, Vec<Diagnostic>> {
    if !args.what.sandbox {
        return Ok(None);
    }
    let mut options = Options::default();
    if let Some(path) = &args.sandbox_faults {
        options.faults = Faults::load(path, &path.display().to_string())?;
    }
    Sandbox::start(options).await.map(Some).map_err(|error| {
        let message = format!("the sandbox cannot start: {error}");
        vec![Diagnostic::error(Code::StateFolder, message)]
    })
}

/// How many remarks of the emulated CRM are told.
const MOST_REMARKS: usize = 5;

/// What the emulated CRM found worth a remark.
pub(super) fn report(terminal: &Terminal, format: Format, sandbox: &Sandbox) {
    let Ok(notes) = sandbox.notes() else {
        return;
    };
    if format == Format::Json || notes.is_empty() {
        return;
    }
    let room = width().saturating_sub(4);
    let mut text = String::from("\nThe sandbox, which follows the vendor's documents, remarks:\n");
    for note in notes.iter().take(MOST_REMARKS) {
        let mut bullet = "- ";
        for line in wrap(&harmless(&note.text), room) {
            let _ = writeln!(text, "  {bullet}{line}");
            bullet = "  ";
        }
    }
    if let Some(more) = notes
        .len()
        .checked_sub(MOST_REMARKS)
        .filter(|more| *more > 0)
    {
        let _ = writeln!(text, "  and {more} more of the kind");
    }
    terminal.say(&text);
}
