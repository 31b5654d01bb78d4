//! A server on loopback that answers every request with the same text and counts what it was asked.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub(super) struct Stub {
    pub(super) address: SocketAddr,
    asked: Arc<AtomicUsize>,
    first_lines: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers `status` with `body`, always.
    pub(super) fn start(status: u16, body: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stub = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            first_lines: Arc::default(),
        };
        let (asked, first_lines) = (Arc::clone(&stub.asked), Arc::clone(&stub.first_lines));
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if let Some(line) = answer(connection, status, &body) {
                    asked.fetch_add(1, Ordering::SeqCst);
                    first_lines.lock().unwrap().push(line);
                }
            }
        });
        stub
    }

    pub(super) fn requests(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn first_lines(&self) -> Vec<String> {
        self.first_lines.lock().unwrap().clone()
    }
}

/// Reads one request whole and answers it; gives its first line.
fn answer(mut connection: TcpStream, status: u16, body: &str) -> Option<String> {
    let mut read = Vec::new();
    let mut part = [0; 4096];
    let head = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        match connection.read(&mut part).ok()? {
            0 => return None,
            count => read.extend(&part[..count]),
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or_default();
    while read.len() < head + length {
        let count = connection.read(&mut part).ok()?;
        read.extend(&part[..count]);
    }
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(answer.as_bytes()).ok()?;
    text.lines().next().map(str::to_owned)
}
