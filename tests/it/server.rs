//! A server on loopback that answers by script, one request a connection, and keeps what it was sent.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// What becomes of one request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Status line, further header lines, body.
    Http(&'static str, String, Vec<u8>),
    /// A head that promises more than comes.
    Broken,
    /// The connection is closed before a byte is read.
    CutUnread,
    /// The connection is closed once the request is read.
    CutRead,
    /// No answer, until the server goes away.
    Stall,
    /// An answer as below, once [`Server::release`] was called.
    Held(&'static str),
}

/// `200 OK` with a JSON body.
pub(crate) fn json(body: &str) -> Answer {
    status("200 OK", body)
}

/// Another status with a body.
pub(crate) fn status(line: &'static str, body: &str) -> Answer {
    Answer::Http(line, String::new(), body.as_bytes().to_vec())
}

pub(crate) const DONE: &str =
    r#"{"code":200,"error":"null","msg":"Succesfully edit record","data":{"wolkvox_id":"64cb"}}"#;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// `POST /path HTTP/1.1`
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// When it was read.
    pub(crate) at: Instant,
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(own, _)| own == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// What becomes of a request, by what it says.
type Judge = Box<dyn Fn(&Arrived) -> Answer + Send>;

#[derive(Default)]
struct State {
    script: VecDeque<Answer>,
    /// Answers once the script is at its end.
    judge: Option<Judge>,
    arrived: Vec<Arrived>,
    released: bool,
    open: Vec<TcpStream>,
}

/// The server. Its threads end with the process.
pub(crate) struct Server {
    port: u16,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Server {
    /// Gives these answers, in order, then [`DONE`] for ever.
    pub(crate) fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            script: script.into_iter().collect(),
            ..State::default()
        };
        let state = Arc::new((Mutex::new(state), Condvar::new()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From the end of the script on, answers by what a request says.
    pub(crate) fn judge(&self, judge: impl Fn(&Arrived) -> Answer + Send + 'static) {
        self.state.0.lock().unwrap().judge = Some(Box::new(judge));
    }

    /// Requests that arrived so far, those whose bytes were never read included.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.state.0.lock().unwrap().arrived.clone()
    }

    /// Waits until so many requests are there.
    pub(crate) fn wait_for(&self, count: usize) {
        let (state, changed) = &*self.state;
        let state = state.lock().unwrap();
        let few = |state: &mut State| state.arrived.len() < count;
        drop(changed.wait_while(state, few).unwrap());
    }

    /// Lets go of answers that are held back.
    pub(crate) fn release(&self) {
        self.state.0.lock().unwrap().released = true;
        self.state.1.notify_all();
    }
}

fn serve(mut stream: TcpStream, shared: &(Mutex<State>, Condvar)) {
    let (state, changed) = shared;
    let answer = {
        let mut state = state.lock().unwrap();
        state.script.pop_front()
    };
    let arrived = if matches!(answer, Some(Answer::CutUnread)) {
        Arrived {
            line: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            at: Instant::now(),
        }
    } else {
        match read(&mut stream) {
            Some(arrived) => arrived,
            None => return,
        }
    };
    let answer = {
        let mut state = state.lock().unwrap();
        let by_judge = || state.judge.as_ref().map(|judge| judge(&arrived));
        let answer = answer.or_else(by_judge).unwrap_or_else(|| json(DONE));
        state.arrived.push(arrived);
        answer
    };
    changed.notify_all();
    let (line, headers, body) = match answer {
        Answer::CutUnread | Answer::CutRead => return,
        Answer::Stall => {
            state.lock().unwrap().open.push(stream);
            return;
        }
        Answer::Broken => {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"code\":200";
            let _ = stream.write_all(head.as_bytes());
            return;
        }
        Answer::Held(body) => {
            let held = state.lock().unwrap();
            drop(changed.wait_while(held, |state| !state.released).unwrap());
            ("200 OK", String::new(), body.as_bytes().to_vec())
        }
        Answer::Http(line, headers, body) => (line, headers, body),
    };
    let head = format!(
        "HTTP/1.1 {line}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    );
    // Whoever asked may be gone.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body);
}

pub(crate) fn read(stream: &mut TcpStream) -> Option<Arrived> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let find = |name: &str| headers.iter().find(|(own, _)| own == name);
    let mut body = bytes[head..].to_vec();
    if find("transfer-encoding").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return None,
                Ok(count) => body.extend_from_slice(&piece[..count]),
            }
        }
        body = unchunked(&body);
    } else {
        let length = find("content-length").map_or(0, |(_, value)| value.parse().unwrap());
        while body.len() < length {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return None,
                Ok(count) => body.extend_from_slice(&piece[..count]),
            }
        }
    }
    Some(Arrived {
        line,
        headers,
        body,
        at: Instant::now(),
    })
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
        if size == 0 {
            break;
        }
    }
    whole
}
