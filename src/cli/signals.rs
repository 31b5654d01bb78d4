//! Ctrl-C, SIGTERM and SIGHUP: the first stops the run cleanly, a second Ctrl-C or SIGTERM at once.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: a second signal ends the process, and the system says which ones it is to ignore"
)]

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::Exit;
use super::terminal::Terminal;

/// What the process was told.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// Turns true at the first signal.
    pub(super) interrupted: watch::Receiver<bool>,
    /// How the first one ends the process.
    exit: Arc<OnceLock<Exit>>,
}

impl Signals {
    /// Listens from now on. Must be called inside the runtime. `last_words` are said where a second signal ends the
    /// process.
    pub(super) fn listen(terminal: Terminal, last_words: String) -> Self {
        let (sender, interrupted) = watch::channel(false);
        let exit = Arc::new(OnceLock::new());
        let told = Arc::clone(&exit);
        tokio::spawn(async move {
            let Some(mut heard) = Heard::new() else {
                return;
            };
            let _ = told.set(heard.first().await);
            terminal.say(
                "stopping: a request in flight gets a few seconds to finish; once more stops at once\n",
            );
            // Nobody listens where the run has just ended: then there is nothing to stop.
            let _ = sender.send(true);
            let exit = heard.second().await;
            terminal.say(&format!("stopped at once{last_words}\n"));
            std::process::exit(exit.code().into());
        });
        Self { interrupted, exit }
    }

    /// How the process ends, where a signal stopped the run.
    pub(super) fn exit(&self) -> Exit {
        self.exit.get().copied().unwrap_or(Exit::Interrupted)
    }
}

/// The signals of the process, heard from its making on: none is lost between two waits.
#[cfg(unix)]
struct Heard {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None where the process is to outlive its terminal.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Heard {
    fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hang_up = (!outlives_its_terminal()).then(|| signal(SignalKind::hangup()).ok());
        Some(Self {
            interrupt: signal(SignalKind::interrupt()).ok()?,
            terminate: signal(SignalKind::terminate()).ok()?,
            hang_up: hang_up.flatten(),
        })
    }

    async fn first(&mut self) -> Exit {
        let hung_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = hung_up => Exit::HungUp,
        }
    }

    /// A terminal that goes away may say so twice, by the shell and by the system: that is no second word.
    async fn second(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}

/// Whether SIGHUP is ignored, as `nohup` has it: to listen would undo that. Where the system does not tell, a process
/// without a terminal is taken for one of those, which is what `nohup` makes of it.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    use std::io::IsTerminal as _;
    const HANG_UP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    match ignored.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()) {
        Some(ignored) => ignored & HANG_UP != 0,
        None => {
            !std::io::stdin().is_terminal()
                && !std::io::stdout().is_terminal()
                && !std::io::stderr().is_terminal()
        }
    }
}

#[cfg(not(unix))]
struct Heard;

#[cfg(not(unix))]
impl Heard {
    fn new() -> Option<Self> {
        Some(Self)
    }

    async fn first(&mut self) -> Exit {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }

    async fn second(&mut self) -> Exit {
        self.first().await
    }
}
