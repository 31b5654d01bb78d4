//! How far a request got that has no whole answer: surely not sent, or perhaps. Does not know whether to send again.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// There is no answer. Named by what may be done next. No text of it holds a query or the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Provably, the CRM did not get the request: sending it (again) cannot repeat it.
    #[error("not sent: {0}")]
    NotSent(NotSentReason),
    /// The CRM may have got the request and acted on it.
    #[error("sent, but {0}")]
    NoAnswer(NoAnswerReason),
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSentReason {
    /// The request cannot be put on the wire.
    #[error("{detail}")]
    Malformed {
        /// What is wrong with it.
        detail: String,
    },
    /// An attached file cannot be opened.
    #[error("cannot read the file {}: {detail}", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        detail: String,
    },
    /// An attached file is not the one that was described.
    #[error("the file {} has changed since it was checked", path.display())]
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// The host's name has no address.
    #[error("the name {host} was not resolved: {detail}")]
    NameNotResolved {
        /// The name.
        host: String,
        /// What the resolver says.
        detail: String,
    },
    /// Nobody listens there.
    #[error("the connection to {host} was refused")]
    Refused {
        /// The host that was asked.
        host: String,
    },
    /// No secure connection came about.
    #[error("TLS with {host} failed: {detail}")]
    Tls {
        /// The host that was asked.
        host: String,
        /// What is wrong.
        detail: String,
    },
    /// There was no connection in time.
    #[error("no connection to {host} within {}", spelled(after))]
    ConnectTimeout {
        /// The host that was asked.
        host: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// There is no connection for another reason.
    #[error("no connection to {host}: {detail}")]
    ConnectFailed {
        /// The host that was asked.
        host: String,
        /// What the operating system or the proxy says.
        detail: String,
    },
    /// The server said that it did not process the request (HTTP/2 `REFUSED_STREAM`).
    #[error("the server refused to take the request")]
    Declined,
    /// The run was told to stop, and in the few seconds that were left there was no connection.
    #[error("the run was interrupted before there was a connection")]
    Interrupted,
    /// The connection was gone before the first byte was written to it.
    #[error("the connection was closed before the request was written")]
    ConnectionClosed,
}

impl NotSentReason {
    /// Whether the same request may get through a moment later, without anybody changing anything.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Malformed { .. } | Self::FileUnreadable { .. } | Self::FileChanged { .. } => {
                false
            }
            Self::NameNotResolved { .. }
            | Self::Refused { .. }
            | Self::Tls { .. }
            | Self::ConnectTimeout { .. }
            | Self::ConnectFailed { .. }
            | Self::Declined
            | Self::Interrupted
            | Self::ConnectionClosed => true,
        }
    }
}

/// Why a request that may have arrived has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswerReason {
    /// The answer's head did not come in time.
    #[error("no answer came within {}", spelled(after))]
    TimedOut {
        /// The time that was allowed for the whole request.
        after: Duration,
    },
    /// The connection ended before the answer's head was there.
    #[error("the connection was lost before an answer came: {detail}")]
    ConnectionLost {
        /// What the connection says.
        detail: String,
    },
    /// What came back is not HTTP.
    #[error("what came back is not an HTTP answer: {detail}")]
    InvalidAnswer {
        /// What is wrong with it.
        detail: String,
    },
    /// The run was told to stop, and the answer did not come in the few seconds that were left.
    #[error("the run was interrupted before an answer came")]
    Interrupted,
    /// An attached file failed or ended early while it was being sent.
    #[error("the file {} could not be sent whole: {detail}", path.display())]
    FileBroke {
        /// The file.
        path: PathBuf,
        /// What happened to it.
        detail: String,
    },
}

/// Why the body of an answer is not whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenReason {
    /// The connection ended before the body did.
    #[error("the answer ended early: {detail}")]
    EndedEarly {
        /// What the connection says.
        detail: String,
    },
    /// The body is not in the encoding that its header names.
    #[error("the answer cannot be decompressed: {detail}")]
    BadEncoding {
        /// What is wrong with it.
        detail: String,
    },
    /// The body did not come to its end in time.
    #[error("the answer was not complete within {}", spelled(after))]
    TimedOut {
        /// The time that was allowed for the whole request.
        after: Duration,
    },
}

/// An attached file that failed while it was being sent; travels through the HTTP library and is found again in the
/// causes of its error.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub(super) struct FileBroke {
    pub(super) path: PathBuf,
    pub(super) detail: String,
}

/// What an attempt knew, for its reasons.
pub(super) struct Attempt<'a> {
    pub(super) host: &'a str,
    pub(super) connect_timeout: Duration,
    /// No byte of the request was written, and none will be.
    pub(super) held_back: bool,
}

/// How far a request got whose sending ended in `error`.
pub(super) fn of_sending(error: &reqwest::Error, attempt: &Attempt<'_>) -> SendError {
    let detail = root_cause(error);
    if error.is_builder() {
        return SendError::NotSent(NotSentReason::Malformed { detail });
    }
    if error.is_connect() {
        return SendError::NotSent(of_connecting(error, attempt, detail));
    }
    if was_declined(error) {
        return SendError::NotSent(NotSentReason::Declined);
    }
    let hyper = cause::<hyper::Error>(error);
    if attempt.held_back || hyper.is_some_and(hyper::Error::is_canceled) {
        return SendError::NotSent(NotSentReason::ConnectionClosed);
    }
    SendError::NoAnswer(
        if let Some(FileBroke { path, detail }) = cause::<FileBroke>(error).cloned() {
            NoAnswerReason::FileBroke { path, detail }
        } else if hyper.is_some_and(hyper::Error::is_parse) {
            NoAnswerReason::InvalidAnswer { detail }
        } else {
            NoAnswerReason::ConnectionLost { detail }
        },
    )
}

fn of_connecting(error: &reqwest::Error, attempt: &Attempt<'_>, detail: String) -> NotSentReason {
    let host = attempt.host.to_owned();
    // The innermost: the TLS connector wraps what it meets in an error of no particular kind.
    let io = causes(error)
        .filter_map(|cause| cause.downcast_ref())
        .last()
        .map(io::Error::kind);
    if error.is_dns() {
        NotSentReason::NameNotResolved { host, detail }
    } else if error.is_timeout() && io != Some(io::ErrorKind::TimedOut) {
        NotSentReason::ConnectTimeout {
            host,
            after: attempt.connect_timeout,
        }
    } else if cause::<rustls::Error>(error).is_some() {
        NotSentReason::Tls { host, detail }
    } else {
        match io {
            Some(io::ErrorKind::ConnectionRefused) => NotSentReason::Refused { host },
            // A connection that comes to an end had a beginning: what was going on over it was the handshake.
            Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                NotSentReason::Tls { host, detail }
            }
            _ => NotSentReason::ConnectFailed { host, detail },
        }
    }
}

/// Why reading the body of an answer ended in `error`.
pub(super) fn of_reading(error: &reqwest::Error) -> BrokenReason {
    let detail = root_cause(error);
    // What the connection did to the body is an error of hyper's; what the decompressor found wrong is not.
    if cause::<hyper::Error>(error).is_some() {
        BrokenReason::EndedEarly { detail }
    } else {
        BrokenReason::BadEncoding { detail }
    }
}

/// A length of time as people read it: a blank stands before its unit.
fn spelled(time: &Duration) -> String {
    let text = format!("{time:?}");
    let unit = text.find(char::is_alphabetic).unwrap_or(text.len());
    format!("{} {}", &text[..unit], &text[unit..])
}

/// The server said of an HTTP/2 stream that it did not process it (RFC 9113, 8.7).
fn was_declined(error: &reqwest::Error) -> bool {
    cause::<h2::Error>(error).is_some_and(|h2| {
        h2.is_reset() && h2.is_remote() && h2.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

/// What the innermost cause says. The outer ones say less, and reqwest's own says the whole address.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map_or_else(|| "unknown cause".to_owned(), ToString::to_string)
}

fn cause<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The causes below `error`, from the outside in.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| next_cause(*cause))
}

/// An `io::Error` that wraps another error names that one's source as its own, so the wrapped one would be missed.
fn next_cause<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    }
}
