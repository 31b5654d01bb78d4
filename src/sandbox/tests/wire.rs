//! Faults of time and of the connection, seen from a raw socket.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the time that an answer takes is what is tested"
)]

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::envelopes::{faults, spoiled};
use super::*;
use crate::sandbox::{Faults, Latency};

/// A connection that has sent one insert.
async fn sent(bench: &Bench) -> TcpStream {
    let address = bench.sandbox.base_url();
    let address = address.strip_prefix("http://").unwrap();
    let body = json!({ "operation": "o", "module": "contacts", "fields": {} }).to_string();
    let request = format!(
        "POST {INSERT} HTTP/1.1\r\nHost: {address}\r\nWolkvox-Token: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        bench.sandbox.token(),
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the connection ends, and how it ends.
async fn rest(stream: &mut TcpStream) -> (String, std::io::Result<()>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.map(|_| ());
    (String::from_utf8(bytes).unwrap(), end)
}

/// Reads until the text is there.
async fn until(stream: &mut TcpStream, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let mut byte = [0];
        assert_eq!(
            stream.read(&mut byte).await.unwrap(),
            1,
            "the end after {seen:?}"
        );
        seen.push(char::from(byte[0]));
    }
    seen
}

/// Nothing more can be read for now, and the connection is open. No time is waited: what is there is there.
fn is_silent(stream: &TcpStream) -> bool {
    stream
        .try_read(&mut [0])
        .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn connections_close_without_a_byte() {
    for (spec, kept) in [
        ("any:closed", 0),
        ("any:lost-answer", 1),
        ("any:closed-unread", 0),
    ] {
        let bench = spoiled(&[spec]).await;
        // Unread bytes make the system reset the connection instead of closing it: both say nothing.
        let (text, _) = rest(&mut sent(&bench).await).await;
        assert_eq!(text, "", "{spec}");
        assert_eq!(bench.records().len(), kept, "{spec}");
        let call = bench.last_call();
        assert_eq!(
            (call.http_status, call.answer),
            (None, Value::Null),
            "{spec}"
        );
        assert_eq!(call.done, kept == 1, "{spec}");
        assert_eq!(call.body.is_null(), spec.ends_with("unread"), "{spec}");
    }
}

#[tokio::test]
async fn connections_close_in_order_or_are_reset() {
    let bench = spoiled(&["any:closed@1", "any:reset@2", "any:reset,applied@3"]).await;
    assert!(rest(&mut sent(&bench).await).await.1.is_ok());
    for kept in [0, 1] {
        let (text, end) = rest(&mut sent(&bench).await).await;
        assert_eq!(text, "");
        assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(bench.records().len(), kept);
    }
}

#[tokio::test]
async fn a_body_is_cut_in_the_middle() {
    for (spec, kept) in [("any:cut-body", 1), ("any:cut-body,not-applied", 0)] {
        let bench = spoiled(&[spec]).await;
        let (text, _) = rest(&mut sent(&bench).await).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        let promised = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let promised: usize = promised.unwrap().parse().unwrap();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert_eq!(body.len(), promised / 2);
        assert_eq!(bench.records().len(), kept);
    }
}

#[tokio::test]
async fn a_stalled_connection_stays_open_and_ends_with_the_sandbox() {
    let mut bench = spoiled(&["any:stall@1", "any:stall-in-body@2"]).await;
    let mut nothing = sent(&bench).await;
    while bench.records().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut half = sent(&bench).await;
    until(&mut half, "{\"code\":200,").await;
    assert!(is_silent(&nothing));
    assert_eq!(bench.records().len(), 2);
    bench.sandbox.shutdown().await;
    assert_eq!(rest(&mut nothing).await.0, "");
    let (text, _) = rest(&mut half).await;
    assert!(!text.contains('}'), "{text}");
}

#[tokio::test]
async fn a_head_stops_after_its_first_bytes() {
    let bench = spoiled(&["any:slow-headers=300ms"]).await;
    let mut stream = sent(&bench).await;
    assert_eq!(until(&mut stream, "HTTP/1.1 ").await, "HTTP/1.1 ");
    let begun = Instant::now();
    assert!(is_silent(&stream));
    let text = until(&mut stream, "\"wolkvox_id\"").await;
    assert!(
        begun.elapsed() >= Duration::from_millis(200),
        "{:?}",
        begun.elapsed()
    );
    assert!(text.starts_with("200 OK\r\n"), "{text}");
}

#[tokio::test]
async fn a_body_comes_in_pieces() {
    let bench = spoiled(&["any:slow-body=240ms"]).await;
    let begun = Instant::now();
    let mut stream = sent(&bench).await;
    until(&mut stream, "\r\n\r\n").await;
    assert!(is_silent(&stream));
    until(&mut stream, "}}").await;
    assert!(
        begun.elapsed() >= Duration::from_millis(200),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn answers_are_held_back_by_all_and_by_rules() {
    let bench = Bench::start(Options {
        faults: Faults {
            latency: Some(Latency::parse("30ms..40ms").unwrap()),
            ..Faults::parse(&crate::source::Source::new(
                "faults.yaml",
                "rules: [{ call: custom/update, when: { nth: 2 }, latency: 100ms }]",
            ))
            .unwrap()
        },
        ..Options::default()
    })
    .await;
    for least in [30, 130, 30] {
        let begun = Instant::now();
        bench.succeeds(UPDATE, &update()).await;
        assert!(begun.elapsed() >= Duration::from_millis(least));
    }
}

#[tokio::test]
async fn a_stop_ends_all_waiting() {
    let mut bench = spoiled(&["any:slow-body=24h", "any:slow-headers=24h"]).await;
    let mut stream = sent(&bench).await;
    until(&mut stream, "\r\n\r\n").await;
    bench.sandbox.shutdown().await;
    assert!(rest(&mut stream).await.0.contains("wolkvox_id"));
}

#[tokio::test]
async fn a_client_sees_a_lost_answer_and_the_next_call_works() {
    let bench = Bench::start(Options {
        faults: faults(&["custom/insert:lost-answer@1"]),
        ..Options::default()
    })
    .await;
    let body = json!({ "operation": "o", "module": "contacts", "fields": {} });
    let error = bench.post(INSERT).json(&body).send().await.unwrap_err();
    assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
    bench.succeeds(INSERT, &body).await;
    assert_eq!(bench.records().len(), 2);
}
