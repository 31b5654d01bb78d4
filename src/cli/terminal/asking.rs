//! Questions at a terminal. Only what is typed after a question is shown answers it, where that matters; the end of
//! input is no answer.

use std::io::IsTerminal as _;

use super::{Terminal, width};
use crate::report::words::wrap;

impl Terminal {
    /// Whether somebody is there to answer a question.
    pub(in crate::cli) fn is_interactive() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks a question of great weight, until the answer is yes, or no; nothing, and the end of input, are a no.
    pub(in crate::cli) fn ask(&self, question: &str) -> bool {
        forget_what_was_typed();
        let mut question = format!("{question} [y/N]");
        loop {
            let answer = self.question(&question).map(|it| it.to_lowercase());
            match answer.as_deref() {
                Some("y" | "yes") => return true,
                Some("n" | "no" | "") | None => return false,
                Some(_) => "Please answer y or n. [y/N]".clone_into(&mut question),
            }
        }
    }

    /// Asks a question; the answer without blanks around it, none where the input is at its end.
    pub(in crate::cli) fn question(&self, question: &str) -> Option<String> {
        self.say(&format!("{} ", wrap(question, width() - 1).join("\n")));
        let mut line = String::new();
        // A line that was broken off is no answer either.
        let is_whole = std::io::stdin().read_line(&mut line).is_ok() && line.ends_with('\n');
        if !is_whole {
            // The cursor stands behind the question still.
            self.say("\n");
        }
        is_whole.then(|| line.trim().to_owned())
    }
}

/// Nobody can have meant what they typed for a question that was not there yet.
#[cfg(unix)]
pub(in crate::cli) fn forget_what_was_typed() {
    use nix::sys::termios::{FlushArg, tcflush};
    // Where it cannot be done, input is no terminal.
    let _ = tcflush(std::io::stdin(), FlushArg::TCIFLUSH);
}

#[cfg(not(unix))]
pub(in crate::cli) fn forget_what_was_typed() {}
