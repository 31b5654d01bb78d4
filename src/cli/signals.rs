//! Ctrl-C and SIGTERM: the first stops the run cleanly, the second at once.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: a second signal ends the process"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use super::Exit;
use super::terminal::Terminal;

/// What the process was told.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// Turns true at the first signal.
    pub(super) interrupted: watch::Receiver<bool>,
    terminated: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on. Must be called inside the runtime. `last_words` are said where a second signal ends the
    /// process.
    pub(super) fn listen(terminal: Terminal, last_words: String) -> Self {
        let (sender, interrupted) = watch::channel(false);
        let terminated = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&terminated);
        tokio::spawn(async move {
            let Some(mut heard) = Heard::new() else {
                return;
            };
            heard.next(&told).await;
            terminal.say(
                "stopping: a request in flight gets a few seconds to finish; once more stops at once\n",
            );
            // Nobody listens where the run has just ended: then there is nothing to stop.
            let _ = sender.send(true);
            heard.next(&told).await;
            terminal.say(&format!("stopped at once{last_words}\n"));
            let exit = if told.load(Ordering::Relaxed) {
                Exit::Terminated
            } else {
                Exit::Interrupted
            };
            std::process::exit(exit.code().into());
        });
        Self {
            interrupted,
            terminated,
        }
    }

    /// Whether it was SIGTERM.
    pub(super) fn terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
    }
}

/// The signals of the process, heard from its making on: none is lost between two waits.
#[cfg(unix)]
struct Heard {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Heard {
    fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Some(Self {
            interrupt: signal(SignalKind::interrupt()).ok()?,
            terminate: signal(SignalKind::terminate()).ok()?,
        })
    }

    async fn next(&mut self, terminated: &AtomicBool) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => terminated.store(true, Ordering::Relaxed),
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

    async fn next(&mut self, _terminated: &AtomicBool) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
