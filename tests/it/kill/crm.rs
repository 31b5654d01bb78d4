//! A CRM on loopback that keeps what it did, row by row, and may lose answers; and a seeded chance.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::server::read;

/// Numbers that look like chance and are the same for the same seed (splitmix64).
#[derive(Debug, Clone)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What the CRM has of one row.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// Creates that arrived.
    pub(super) arrived: usize,
    /// How many may arrive: one, where no person said `--resend`.
    pub(super) allowed: usize,
    /// Creates that were done.
    pub(super) done: usize,
    /// The id that the last done create gave.
    pub(super) created: Option<String>,
    /// Ids that creates came with.
    pub(super) used: Option<String>,
    /// Updates that arrived.
    pub(super) updates: usize,
    /// The id that the last update gave.
    pub(super) updated: Option<String>,
    /// Whether it was told to come back later.
    pub(super) turned_away: bool,
}

#[derive(Debug, Default)]
pub(super) struct Truth {
    pub(super) requests: usize,
    /// Connections that are not done with.
    open: usize,
    /// Requests that were read, done or not.
    read: usize,
    pub(super) rows: BTreeMap<String, Record>,
    /// What should never have come.
    pub(super) wrong: Vec<String>,
    /// Whether the process under test has closed its output.
    pub(super) is_over: bool,
    /// None answers everything.
    cuts: Option<Chance>,
}

/// The CRM. Its threads end with the process.
pub(super) struct Crm {
    port: u16,
    shared: Arc<(Mutex<Truth>, Condvar)>,
}

impl Crm {
    pub(super) fn start(cuts: Option<Chance>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let truth = Truth {
            cuts,
            ..Truth::default()
        };
        let shared = Arc::new((Mutex::new(truth), Condvar::new()));
        let of_threads = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&of_threads);
                shared.0.lock().unwrap().open += 1;
                std::thread::spawn(move || {
                    serve(stream, &shared);
                    shared.0.lock().unwrap().open -= 1;
                    shared.1.notify_all();
                });
            }
        });
        Self { port, shared }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.shared.0.lock().unwrap()
    }

    /// Waits until so many requests have arrived since the beginning, or the process is over.
    pub(super) fn wait_for(&self, requests: usize) {
        let few = |truth: &mut Truth| truth.requests < requests && !truth.is_over;
        drop(self.shared.1.wait_while(self.truth(), few).unwrap());
    }

    /// Waits until it has done what it was sent. A request outlives the process that sent it: whoever looks
    /// before it was read takes it for one that never arrived.
    pub(super) fn wait_for_the_rest(&self) {
        // Connections are taken in the order in which they came, and this one is the last.
        let mut last = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        last.shutdown(Shutdown::Write).unwrap();
        let read = last.read(&mut [0]).unwrap();
        assert_eq!(read, 0, "nothing was asked");
        let busy = |truth: &mut Truth| truth.open > 0;
        drop(self.shared.1.wait_while(self.truth(), busy).unwrap());
    }

    pub(super) fn is_over(&self) -> impl FnOnce() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            shared.0.lock().unwrap().is_over = true;
            shared.1.notify_all();
        }
    }
}

fn serve(mut stream: TcpStream, shared: &(Mutex<Truth>, Condvar)) {
    let Some(arrived) = read(&mut stream) else {
        return;
    };
    // Some are done late, so that a process is killed with requests under way.
    if shared.0.lock().unwrap().is_late() {
        std::thread::sleep(Duration::from_millis(80));
    }
    let answer = {
        let mut truth = shared.0.lock().unwrap();
        truth.requests += 1;
        truth.answer(&arrived.line, arrived.text())
    };
    shared.1.notify_all();
    if let Some((line, body)) = answer {
        let head = format!(
            "HTTP/1.1 {line}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        // Whoever asked may have been killed.
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(body.as_bytes());
    }
}

impl Truth {
    /// Whether the request that was just read is one of those.
    fn is_late(&mut self) -> bool {
        self.read += 1;
        self.read.is_multiple_of(16)
    }

    /// Does what is asked, and says what is seen of it: status line with headers, and body.
    fn answer(&mut self, line: &str, body: &str) -> Option<(&'static str, String)> {
        let from = body.find("r-").expect("every request names its row");
        let number = body[from + 2..].split(|c: char| !c.is_ascii_digit()).next();
        let row = format!("r-{}", number.unwrap());
        let fate = self.cuts.as_mut().map_or(99, |chance| chance.below(100));
        let creates = !line.contains("/custom/update.php");
        let record = self.rows.entry(row.clone()).or_default();
        if creates {
            record.arrived += 1;
        } else {
            record.updates += 1;
        }
        match fate {
            0..5 => return None,
            // Once for a row: three times in a row would be a failure, and this is about doubts.
            5..8 if !record.turned_away => {
                record.turned_away = true;
                return Some(("503 Busy\r\nRetry-After: 0", String::new()));
            }
            _ => {}
        }
        let id = if creates {
            record.done += 1;
            let id = format!("call-{row}");
            record.created = Some(id.clone());
            if let Some(given) = &record.updated {
                record.used = Some(given.clone());
                if !body.contains(&format!("\"{given}\"")) {
                    self.wrong.push(format!("{row} was given {given}: {body}"));
                }
            }
            id
        } else {
            if body.contains("call-") && record.created.is_none() {
                self.wrong.push(format!("{row} was never created: {body}"));
            }
            let id = format!("{row}.{}", record.updates);
            record.updated = Some(id.clone());
            id
        };
        match fate {
            8..13 => None,
            13..16 => Some(("500 Oh", "<html>".to_owned())),
            _ => Some((
                "200 OK",
                format!(
                    r#"{{"code":200,"error":"null","msg":"ok","data":{{"wolkvox_id":"{id}"}}}}"#
                ),
            )),
        }
    }
}
