//! Loopback listeners that speak, or misspeak, HTTP byte by byte.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::request::{Body, JsonBody, Method, Request};
use crate::value::Value;

mod answers;
mod failures;
mod files;
mod http2;
mod target;
mod tls;

const TOKEN: &str = "made-up-token";
/// Longer than any test takes: a test that meets it has failed.
const PLENTY: Duration = Duration::from_secs(30);
/// Short, but long enough to connect to a listener on this machine while others compile.
const SOON: Duration = Duration::from_millis(400);
const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"code\":200}";

async fn listen() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

fn endpoint(scheme: &str, address: SocketAddr) -> Endpoint {
    Endpoint::new(format!("{scheme}://{address}"), Secret::from(TOKEN))
}

fn to(listener: &TcpListener) -> Transport {
    Transport::new(
        &endpoint("http", listener.local_addr().unwrap()),
        Limits::default(),
    )
    .unwrap()
}

fn post() -> Request {
    Request {
        method: Method::Post,
        path: "/server/API/v2/custom/update.php".to_owned(),
        query: vec![("secret".to_owned(), "in the query".to_owned())],
        body: Body::Json(JsonBody::from(
            &Value::from_json_text(r#"{"operation":"acme"}"#).unwrap(),
        )),
    }
}

fn get() -> Request {
    Request {
        method: Method::Get,
        body: Body::None,
        ..post()
    }
}

/// Head and body of one request with a `Content-Length`, or none.
async fn read_request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let head_length = loop {
        assert_ne!(
            stream.read_buf(&mut bytes).await.unwrap(),
            0,
            "the request ends within its head"
        );
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let mut body = bytes.split_off(head_length);
    let head = String::from_utf8(bytes).unwrap();
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        assert_ne!(
            stream.read_buf(&mut body).await.unwrap(),
            0,
            "the request ends within its body"
        );
    }
    assert_eq!(body.len(), length, "more than one request arrived");
    (head, body)
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut fields = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    fields
        .find(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// Sends `request` to a server that reads it, says `answer`, and closes the connection.
async fn answered_with(request: &Request, answer: &[u8]) -> Result<Response, SendError> {
    let listener = listen().await;
    let transport = to(&listener);
    let (result, ()) = tokio::join!(transport.send(request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(answer).await.unwrap();
    });
    result
}

fn no_answer(result: Result<Response, SendError>) -> NoAnswerReason {
    match result {
        Err(SendError::NoAnswer(reason)) => reason,
        other => panic!("expected no answer, got {other:?}"),
    }
}

fn not_sent(result: Result<Response, SendError>) -> NotSentReason {
    match result {
        Err(SendError::NotSent(reason)) => reason,
        other => panic!("expected not sent, got {other:?}"),
    }
}

/// No text that a person sees shows the query or the token.
fn assert_discreet(error: &SendError) {
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("query") && !text.contains(TOKEN), "{text}");
    }
}
