//! A reply → HTTP on the connection: at once, late, in pieces, in part, or not at all. Knows no call.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: answers are held back as long as the faults say"
)]

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::faults::{Flow, Reply};
use super::wire::{End, Switch};

/// In how many pieces a slow body comes.
const PIECES: u32 = 8;

/// Sends a reply after `delay`. When the sandbox stops, all waiting ends.
pub(super) async fn send(
    mut reply: Reply,
    delay: Duration,
    switch: &Switch,
    stopping: &CancellationToken,
) -> Response {
    if !delay.is_zero() {
        wait(delay, stopping).await;
    }
    let (status, length) = (reply.status, reply.body.len());
    let body = match reply.flow {
        None => Body::from(std::mem::take(&mut reply.body)),
        Some((flow, pause)) => flowing(&reply, flow, pause, switch, stopping).await,
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(CONTENT_LENGTH, length.into());
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(seconds) = reply.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if let Some(location) = reply.location {
        // An address that was parsed as one holds nothing that a header may not hold.
        let location = HeaderValue::from_str(&location).expect("an address fits into a header");
        headers.insert(LOCATION, location);
    }
    response
}

async fn flowing(
    reply: &Reply,
    flow: Flow,
    pause: Duration,
    switch: &Switch,
    stopping: &CancellationToken,
) -> Body {
    let half = Bytes::copy_from_slice(&reply.body[..reply.body.len() / 2]);
    match flow {
        Flow::CloseUnread | Flow::Close => switch.cut(End::Closed),
        Flow::Reset => switch.cut(End::Reset),
        Flow::Stall => {
            stopping.cancelled().await;
            switch.cut(End::Closed);
        }
        Flow::SlowHead => {
            switch.hold(pause);
            return Body::from(reply.body.clone());
        }
        Flow::SlowBody => return in_pieces(&reply.body, pause, stopping.clone()),
        Flow::CloseInBody => return half_then(half, std::future::ready(())),
        Flow::StallInBody => {
            let stopping = stopping.clone();
            return half_then(half, async move { stopping.cancelled().await });
        }
    }
    // Not a byte of this arrives: the connection is cut.
    Body::empty()
}

/// Half of a body, and the end of the connection once `end` is done.
fn half_then(half: Bytes, end: impl Future<Output = ()> + Send + 'static) -> Body {
    let first = stream::once(async move { Ok(half) });
    let rest = stream::once(async move {
        // Without a turn for the writer the first half would be thrown away together with the connection.
        tokio::task::yield_now().await;
        end.await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Body::from_stream(first.chain(rest))
}

fn in_pieces(body: &[u8], whole: Duration, stopping: CancellationToken) -> Body {
    let size = body.len().div_ceil(PIECES as usize).max(1);
    let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    let count = u32::try_from(pieces.len()).unwrap_or(PIECES).max(1);
    let pieces = stream::iter(pieces).then(move |piece| {
        let stopping = stopping.clone();
        async move {
            wait(whole / count, &stopping).await;
            Ok::<_, Infallible>(piece)
        }
    });
    Body::from_stream(pieces)
}

async fn wait(time: Duration, stopping: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = stopping.cancelled() => {}
    }
}
