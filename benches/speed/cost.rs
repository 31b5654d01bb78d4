//! What a process costs: processor time and memory, as the kernel counts them when it is over.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// What a process has used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// User and system time, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// From its start to its end, in milliseconds.
    pub(crate) wall_ms: f64,
    /// The most memory that it had at once, in MiB.
    pub(crate) peak_mib: f64,
}

/// Runs a command and prints what it cost. A process of its own, since the kernel keeps one account of all
/// children that have ended.
#[cfg(unix)]
pub(crate) fn of_child(command: &[&str]) {
    use nix::sys::resource::{UsageWho, getrusage};

    let (program, arguments) = command.split_first().expect("a command");
    let began = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .expect("the command starts");
    let wall_ms = began.elapsed().as_secs_f64() * 1000.0;
    assert!(status.success(), "{command:?} ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    let spent = usage.user_time() + usage.system_time();
    let micros = i32::try_from(spent.tv_sec() * 1_000_000 + spent.tv_usec());
    // macOS counts bytes, the others kibibytes.
    let unit = if cfg!(target_os = "macos") {
        1024.0 * 1024.0
    } else {
        1024.0
    };
    let peak = i32::try_from(usage.max_rss()).expect("less than 2 TiB");
    let cost = Cost {
        cpu_ms: f64::from(micros.expect("less than half an hour")) / 1000.0,
        wall_ms,
        peak_mib: f64::from(peak) / unit,
    };
    println!("{}", serde_json::to_string(&cost).expect("numbers"));
}

/// Elsewhere nobody counts for us.
#[cfg(not(unix))]
pub(crate) fn of_child(_: &[&str]) {
    panic!("the cost of a process is only known on Unix");
}

/// Runs a program in `folder` and says what it cost. Its complaints are shown.
pub(crate) fn of(program: &Path, arguments: &[String], folder: &Path, base: &str) -> Cost {
    let output = Command::new(this())
        .arg("cost")
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .env("WOLKVOX_SERVER", base)
        .env("WOLKVOX_OPERATION", "bench")
        .env("WOLKVOX_TOKEN", "made-up-token-of-the-bench")
        .stderr(Stdio::piped())
        .output()
        .expect("this program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("a cost")
}

/// The bench itself.
pub(crate) fn this() -> std::path::PathBuf {
    std::env::current_exe().expect("this program has a path")
}

/// A server in a process of its own, until it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Scheme, host and port.
    pub(crate) base: String,
}

impl Server {
    /// Starts one that takes `latency_ms` for each answer.
    pub(crate) fn start(latency_ms: u64) -> Self {
        let mut child = Command::new(this())
            .args(["serve", &latency_ms.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("its output is ours"))
            .read_line(&mut port)
            .expect("its port");
        Self {
            child,
            base: format!("http://127.0.0.1:{}", port.trim()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and that is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
