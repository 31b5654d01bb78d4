//! An emulator of the documented calls of the Wolkvox CRM's API, on loopback.
//!
//! It is written from the vendor's pages and knows nothing of the runner or its action files, so that the two can
//! disagree. What the pages leave open it marks as invented, in the call log and in notes: agreement with it is
//! agreement with the documents, not with the vendor's servers.

mod answer;
mod base64_files;
mod beginning;
mod body;
mod check;
mod dates;
mod desk;
mod draw;
mod endpoints;
mod faults;
mod mask;
mod page;
mod paging;
mod quota;
mod send;
mod serve;
mod shapes;
mod store;
mod wire;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use answer::Documented;
pub use beginning::FirstRecord;
pub use faults::{Change, Faults, KINDS, Kind, Latency, Rule, Takes};
pub use store::{Call, Note, OpenError, Record, StoreError};

use faults::Picker;
use quota::Quota;
use serve::Shared;
use store::Store;

/// The name of the CRM operation that [`Options`] hands out unless told otherwise. Any other is accepted as well.
pub const DEFAULT_OPERATION: &str = "sandbox";

/// A made-up token for a sandbox that runs as a server of its own, where one from the command line is wanted to be
/// the same each time. It opens nothing but a sandbox.
pub const DEFAULT_TOKEN: &str = "sandbox-token";

/// How long a shutdown waits for the calls under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a sandbox is to do. There is no address to choose: it listens on 127.0.0.1 and nowhere else.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The `SQLite` file that keeps records and calls; `None` keeps them in memory.
    pub database: Option<PathBuf>,
    /// The tokens it accepts; with none given it makes one up. The first is what [`Sandbox::token`] returns.
    pub tokens: Vec<SecretString>,
    /// The operation that [`Sandbox::operation`] returns. Calls may name any other: each has records of its own.
    pub operation: String,
    /// Which ids its answers carry.
    pub ids: IdForm,
    /// Which name a case's file part may have.
    pub file_part: FilePart,
    /// What it does about an id that it has not seen.
    pub unknown_ids: UnknownIds,
    /// How many of the newest calls the log keeps.
    pub keep_calls: usize,
    /// Where the ids of new records, and what is left to chance in faults, start from: the same seed and the same
    /// calls give the same ids and faults. With `None` chance starts from 0, and ids tell when their record was made,
    /// as real ones do.
    pub seed: Option<u64>,
    /// What goes wrong.
    pub faults: Faults,
    /// The records that it begins with. One that a database file knows already stays as it is there.
    pub records: Vec<FirstRecord>,
    /// How many calls each token has a day (of UTC, and of this process); `None` is no limit.
    pub daily_limit: Option<u64>,
    /// What is answered beyond that.
    pub over_limit: OverLimit,
    /// What is answered to a token that is not known.
    pub wrong_token: WrongToken,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            database: None,
            tokens: Vec::new(),
            operation: DEFAULT_OPERATION.to_owned(),
            ids: IdForm::default(),
            file_part: FilePart::default(),
            unknown_ids: UnknownIds::default(),
            keep_calls: 100_000,
            seed: None,
            faults: Faults::default(),
            records: Vec::new(),
            daily_limit: None,
            over_limit: OverLimit::default(),
            wrong_token: WrongToken::default(),
        }
    }
}

/// The ids in answers, and the shape of what queries answer. The vendor's pages show more than one form, and their
/// samples differ from their tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdForm {
    /// What the tables describe: a create gives a fresh id of 24 hexadecimal digits, an update gives the id back, a
    /// delete gives the list of ids back, a query counts its pages.
    #[default]
    Real,
    /// What the samples show: an update gives the id back, a case `""`, a delete one `""` for each id, an activity
    /// `" "`, a record `""`, an obligation an id; a query has no totals, and one by dates is a bare list.
    Sampled,
}

/// The name of a case's file part: the page says `file` in its prose and its table, `files` in its code sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilePart {
    /// Both names.
    #[default]
    Either,
    /// `file` only.
    File,
    /// `files` only.
    Files,
}

/// What to do about an id that no earlier call made known; nothing documents what the CRM does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownIds {
    /// Answer with success, leave a note, and create the record if the call is an update.
    #[default]
    Accept,
    /// Answer 404 with an invented text.
    Refuse,
}

/// The answer to a call beyond the daily limit. That there is a limit is documented, its answer is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverLimit {
    /// HTTP 403, as the vendor's other product does.
    #[default]
    Forbidden,
    /// HTTP 429.
    TooMany,
    /// HTTP 200 with the code 403 in the body.
    Hidden,
}

/// The answer to a token that is not known. Both codes are on the vendor's list; which one it is, is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WrongToken {
    /// HTTP 401.
    Unauthorized,
    /// HTTP 403, as the vendor's other product does.
    #[default]
    Forbidden,
}

/// The part of the options that decides answers.
#[derive(Debug, Clone, Copy)]
struct Rules {
    over_limit: OverLimit,
    wrong_token: WrongToken,
    ids: IdForm,
    file_part: FilePart,
    unknown_ids: UnknownIds,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken or not permitted: choose another.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Port {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be used: choose another file.
    #[error("cannot use the sandbox database: {0}")]
    Database(#[from] OpenError),
    /// The records to begin with cannot be kept.
    #[error("cannot keep the records to begin with: {0}")]
    Records(#[from] StoreError),
    /// An accepted token is empty, or cannot be the value of a header. Which one is not said: it is a secret.
    #[error("a sandbox token must be one line of visible ASCII characters")]
    Token,
}

/// A running sandbox. Dropping it stops it; [`Sandbox::shutdown`] also waits for the calls under way.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    token: SecretString,
    operation: String,
    shared: Arc<Shared>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    /// Stops the server, and ends all waiting inside it, also when the sandbox is dropped.
    stop: DropGuard,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Opens the store, binds 127.0.0.1 and starts to answer, on the Tokio runtime of the caller. When this returns,
    /// connections are accepted.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let mut tokens = options.tokens;
        if tokens.is_empty() {
            tokens.push(made_up_token());
        }
        if !tokens
            .iter()
            .all(|token| fits_header(token.expose_secret()))
        {
            return Err(StartError::Token);
        }
        let token = tokens[0].clone();
        let store = Store::open(
            options.database.as_deref(),
            options.seed,
            options.keep_calls,
        )?;
        let port = options.port;
        let in_use = |source| StartError::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(in_use)?;
        let address = listener.local_addr().map_err(in_use)?;

        let rules = Rules {
            over_limit: options.over_limit,
            wrong_token: options.wrong_token,
            ids: options.ids,
            file_part: options.file_part,
            unknown_ids: options.unknown_ids,
        };
        let quota = Quota::new(options.daily_limit, tokens.len());
        let picker = Picker::new(options.faults, options.seed.unwrap_or(0));
        let stopping = CancellationToken::new();
        let shared = Arc::new(Shared::new(
            store,
            rules,
            tokens,
            quota,
            picker,
            options.records,
            stopping.clone(),
        )?);
        let server = tokio::spawn(serve::serve(listener, Arc::clone(&shared)));
        let stop = stopping.drop_guard();
        Ok(Self {
            address,
            token,
            operation: options.operation,
            shared,
            running: Some(Running { stop, server }),
        })
    }

    /// Where it listens, as `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A token that it accepts.
    pub fn token(&self) -> &str {
        self.token.expose_secret()
    }

    /// The operation that its user is told to name.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The calls it got, oldest first: at most [`Options::keep_calls`] of them.
    pub fn calls(&self) -> Result<Vec<Call>, StoreError> {
        self.shared.store().calls()
    }

    /// The records it keeps, deleted ones too, in the order in which they became known.
    pub fn records(&self) -> Result<Vec<Record>, StoreError> {
        self.shared.store().records()
    }

    /// What it noted about the calls in the log, each remark once, in the order of their first appearance.
    pub fn notes(&self) -> Result<Vec<Note>, StoreError> {
        self.shared.store().notes()
    }

    /// Runs until `shutdown` is done, then stops as [`Sandbox::shutdown`] does.
    pub async fn serve_until(&mut self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.shutdown().await;
    }

    /// Stops accepting and waits a few seconds for the calls under way. Calls, records and notes can still be asked
    /// for. A second time does nothing.
    pub async fn shutdown(&mut self) {
        let Some(Running { stop, mut server }) = self.running.take() else {
            return;
        };
        drop(stop);
        if tokio::time::timeout(PATIENCE, &mut server).await.is_err() {
            server.abort();
        }
    }
}

fn fits_header(token: &str) -> bool {
    !token.trim().is_empty() && token.is_ascii() && HeaderValue::from_str(token).is_ok()
}

fn made_up_token() -> SecretString {
    SecretString::from(format!("sandbox-{}", uuid::Uuid::now_v7().simple()))
}
