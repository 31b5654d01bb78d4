//! Whether a request has begun to leave. Knows the one question that hyper must ask before it can write a byte of a
//! request; does not know time-outs or errors.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const HELD_BACK: u8 = 2;

/// One request's departure. A time-out alone does not tell whether the request was still waiting for a connection
/// (surely not sent) or for an answer (perhaps processed), and the library does not say. But in order to write the
/// head of a request, in HTTP/1 and HTTP/2, hyper has to know whether a body follows, so it calls
/// `Body::is_end_stream`, after it has a connection and before the first byte. That call is the departure.
/// Should a later version ask earlier, requests are called sent that were not, which is the safe side; the tests
/// would show it. (`size_hint` is no such sign: the redirect layer asks it at the very start.)
#[derive(Debug, Clone, Default)]
pub(super) struct Departure(Arc<AtomicU8>);

impl Departure {
    /// The body that watches, in place of `body`.
    pub(super) fn watch(&self, body: reqwest::Body) -> reqwest::Body {
        reqwest::Body::wrap(Watched {
            body,
            departure: self.clone(),
        })
    }

    /// Holds the request back if it has not begun to leave. True: no byte of it was written, and none of its body
    /// ever will be. False: it may have reached the server.
    pub(super) fn hold_back(&self) -> bool {
        self.settle(HELD_BACK) == HELD_BACK
    }

    fn begin(&self) -> bool {
        self.settle(BEGUN) == BEGUN
    }

    /// The first to come decides; says what was decided.
    fn settle(&self, state: u8) -> u8 {
        match self
            .0
            .compare_exchange(WAITING, state, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) => state,
            Err(decided) => decided,
        }
    }
}

struct Watched {
    body: reqwest::Body,
    departure: Departure,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if !self.departure.begin() {
            return Poll::Ready(Some(Err("the request was held back".into())));
        }
        Pin::new(&mut self.body)
            .poll_frame(context)
            .map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        // A request that is held back claims a body, which then fails: what arrives is no whole request.
        self.departure.begin() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Body as _;

    #[test]
    fn the_size_is_no_departure_but_the_question_for_the_end_is() {
        let departure = Departure::default();
        let body = departure.watch("text".into());
        assert_eq!(body.size_hint().exact(), Some(4));
        assert!(departure.hold_back());
        assert!(!body.is_end_stream());

        let departure = Departure::default();
        let body = departure.watch("".into());
        assert!(body.is_end_stream());
        assert!(!departure.hold_back());
    }

    #[tokio::test]
    async fn a_request_that_is_held_back_has_a_body_that_fails() {
        let departure = Departure::default();
        let mut body = departure.watch("text".into());
        assert!(departure.hold_back());
        let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        assert!(frame.unwrap().is_err());
    }
}
