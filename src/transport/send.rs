//! Request → Response, or how far it got. Decides nothing about sending again.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: the network's deadline and the answer's age need a clock"
)]

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use tokio::time::{Instant, timeout_at};

use super::departure::Departure;
use super::failure::{self, Attempt, BrokenReason, NoAnswerReason, NotSentReason, SendError};
use super::{Completeness, Response, Transport, multipart, retry_after};
use crate::request::{Body, Method, Request};

impl Transport {
    /// Sends the request once and reads the answer, within `timeout` for both together (and for the connection, if
    /// that is shorter than the transport's own limit for it). Attached files are opened, and read again if they
    /// may have changed, before that time begins. Every HTTP status is an answer, a redirect too.
    ///
    /// Dropping the future gives the request up; whether it was sent is then unknown.
    ///
    /// # Errors
    /// [`SendError::NotSent`] only if that is certain.
    pub async fn send(&self, request: &Request, timeout: Duration) -> Result<Response, SendError> {
        self.depart(request, timeout, &Departure::default()).await
    }

    /// The same, but gives the request up as soon as `given_up` returns: a run that is told to stop waits no longer.
    ///
    /// # Errors
    /// [`SendError::NotSent`] only if that is certain.
    pub async fn send_unless(
        &self,
        request: &Request,
        timeout: Duration,
        given_up: impl Future<Output = ()>,
    ) -> Result<Response, SendError> {
        let departure = Departure::default();
        tokio::select! {
            biased;
            answer = self.depart(request, timeout, &departure) => answer,
            () = given_up => Err(if departure.hold_back() {
                SendError::NotSent(NotSentReason::Interrupted)
            } else {
                SendError::NoAnswer(NoAnswerReason::Interrupted)
            }),
        }
    }

    async fn depart(
        &self,
        request: &Request,
        timeout: Duration,
        departure: &Departure,
    ) -> Result<Response, SendError> {
        let mut outgoing = self.outgoing(request).await.map_err(SendError::NotSent)?;
        let body = outgoing.body_mut().take().unwrap_or_default();
        *outgoing.body_mut() = Some(departure.watch(body));

        let start = Instant::now();
        // A time-out too long for the clock is none that anybody will see the end of.
        let deadline = start
            .checked_add(timeout)
            .unwrap_or(start + Duration::from_hours(365 * 24));
        let answer = timeout_at(deadline, self.client.execute(outgoing)).await;
        let head = match answer {
            Ok(Ok(head)) => head,
            Ok(Err(error)) => {
                let attempt = Attempt {
                    host: self.host(),
                    connect_timeout: self.limits.connect_timeout,
                    held_back: departure.hold_back(),
                };
                return Err(failure::of_sending(&error.without_url(), &attempt));
            }
            Err(_) if departure.hold_back() => {
                let host = self.host().to_owned();
                return Err(SendError::NotSent(NotSentReason::ConnectTimeout {
                    host,
                    after: timeout,
                }));
            }
            Err(_) => {
                return Err(SendError::NoAnswer(NoAnswerReason::TimedOut {
                    after: timeout,
                }));
            }
        };
        Ok(self.read(head, start, deadline).await)
    }

    async fn outgoing(&self, request: &Request) -> Result<reqwest::Request, NotSentReason> {
        if !request.path.starts_with('/') {
            return Err(NotSentReason::Malformed {
                detail: format!("the path `{}` does not begin with /", request.path),
            });
        }
        let mut url = self.address(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let outgoing = self.client.request(method(request.method), url);
        let outgoing = match &request.body {
            Body::None if request.method == Method::Get => outgoing,
            // Some servers refuse a call that could have a body and does not say how long it is.
            Body::None => outgoing.header(CONTENT_LENGTH, HeaderValue::from_static("0")),
            Body::Json(text) => outgoing
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(text.as_str().to_owned()),
            Body::Multipart(parts) => outgoing.multipart(multipart::form(parts).await?),
        };
        outgoing.build().map_err(|error| NotSentReason::Malformed {
            detail: failure::root_cause(&error),
        })
    }

    /// Reads the body up to the cap. Nothing that goes wrong here takes the status away.
    async fn read(
        &self,
        mut head: reqwest::Response,
        start: Instant,
        deadline: Instant,
    ) -> Response {
        let cap = self.limits.answer_cap;
        let mut body = Vec::new();
        let complete = loop {
            match timeout_at(deadline, head.chunk()).await {
                Ok(Ok(Some(piece))) => {
                    let room = cap - body.len();
                    body.extend_from_slice(&piece[..piece.len().min(room)]);
                    if piece.len() > room {
                        break Completeness::Truncated;
                    }
                }
                Ok(Ok(None)) => break Completeness::Complete,
                Ok(Err(error)) => {
                    break Completeness::Broken(failure::of_reading(&error.without_url()));
                }
                Err(_) => {
                    break Completeness::Broken(BrokenReason::TimedOut {
                        after: deadline - start,
                    });
                }
            }
        };
        let text = |name: HeaderName| {
            head.headers()
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Response {
            status: head.status().as_u16(),
            retry_after: text(RETRY_AFTER).and_then(|value| {
                retry_after::parse(&value, text(DATE).as_deref(), Timestamp::now())
            }),
            content_type: text(CONTENT_TYPE),
            location: text(LOCATION).filter(|_| head.status().is_redirection()),
            body,
            complete,
            elapsed: start.elapsed(),
        }
    }

    fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
