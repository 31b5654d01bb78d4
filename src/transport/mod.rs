//! The one door to the network: takes a Request to the target and says what came back, or how far it got.
//! Knows the token and the host; does not know what an answer means, nor whether a request may be sent again.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Url};

use crate::secret::Secret;

mod departure;
mod failure;
mod multipart;
mod retry_after;
mod send;

pub use failure::{BrokenReason, NoAnswerReason, NotSentReason, SendError};

/// The header that carries the token; set here and nowhere else.
const TOKEN_HEADER: HeaderName = HeaderName::from_static("wolkvox-token");
/// The CRM stores the user agent with each record: it must not vary with the machine.
const USER_AGENT: &str = concat!("voxplay/", env!("CARGO_PKG_VERSION"));
/// Servers close a kept connection after 5 seconds (Apache's default) or later. A request written to a connection
/// that is being closed has no known outcome, so ours are dropped first; busy connections never come to this.
const IDLE_CONNECTION_LIFE: Duration = Duration::from_secs(4);

/// Where requests go, and what proves that they may.
#[derive(Debug, Clone)]
pub struct Endpoint {
    base: String,
    token: Secret,
}

impl Endpoint {
    /// `base` is scheme, host and port: `https://crm0001.wolkvox.com`, `http://127.0.0.1:8090`. It is looked at in
    /// [`Transport::new`].
    pub fn new(base: impl Into<String>, token: Secret) -> Self {
        Self {
            base: base.into(),
            token,
        }
    }
}

/// What bounds every request of a transport.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// Bytes of an answer's body, after decompression, that are read.
    pub answer_cap: usize,
    /// Connections that are kept open between requests. With fewer than run at once, connections are opened
    /// over and over again.
    pub pool_idle: usize,
}

impl Default for Limits {
    /// 10 seconds, 8 MiB, 64 connections.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            answer_cap: 8 * 1024 * 1024,
            pool_idle: 64,
        }
    }
}

/// Why there can be no transport to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The base is not just scheme, host and port.
    #[error(
        "`{base}` is not the base address of a server: write scheme, host and port only, as in https://crm0001.wolkvox.com"
    )]
    Base {
        /// As it was given, but for user information, query and fragment.
        base: String,
    },
    /// The token would travel in the clear.
    #[error(
        "plain http to `{host}` would show the token to the network: use https (plain http is for this machine only)"
    )]
    PlainHttp {
        /// The host that is not this machine.
        host: String,
    },
    /// The token holds characters that no header can carry, a line break perhaps.
    #[error("the token holds characters that no HTTP header can carry (a line break, perhaps)")]
    Token,
    /// TLS could not be set up.
    #[error("the HTTP client cannot be set up: {detail}")]
    Client {
        /// What the library says.
        detail: String,
    },
}

/// An open way to one target. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Transport {
    client: Client,
    base: Url,
    /// The addresses of calls, by path: there are few, and taking one apart costs as much as many other things that
    /// a request needs.
    addresses: Arc<Mutex<HashMap<String, Url>>>,
    limits: Limits,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base.as_str())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// An answer: at least its status line and headers arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// How long the server asks to be left alone. Never longer than a year.
    pub retry_after: Option<Duration>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The body, decompressed, as far as it was read: see `complete`.
    pub body: Vec<u8>,
    /// Whether `body` is all of it.
    pub complete: Completeness,
    /// Where a redirect (3xx) points. To be shown; it is never followed.
    pub location: Option<String>,
    /// From the first attempt to connect to the last byte read.
    pub elapsed: Duration,
}

/// How much of an answer's body is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// All of it.
    Complete,
    /// The first [`Limits::answer_cap`] bytes; there was more.
    Truncated,
    /// What came before something went wrong.
    Broken(BrokenReason),
}

impl Transport {
    /// A transport to `endpoint`. Connects to nothing yet.
    ///
    /// # Errors
    /// The base is malformed or plain http to another machine, the token fits in no header, or TLS cannot be set up.
    pub fn new(endpoint: &Endpoint, limits: Limits) -> Result<Self, BuildError> {
        Self::with_client(endpoint, limits, |client| client)
    }

    /// `adjust` is for tests that need a protocol which the address alone does not bring about.
    fn with_client(
        endpoint: &Endpoint,
        limits: Limits,
        adjust: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, BuildError> {
        let base = base_url(&endpoint.base)?;
        let loopback = is_loopback(&base);
        let host = base.host_str().unwrap_or_default().to_owned();
        if base.scheme() == "http" && !loopback {
            return Err(BuildError::PlainHttp { host });
        }

        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers(&endpoint.token)?)
            // A header of one's own, such as the token, follows a redirect to another host.
            .redirect(reqwest::redirect::Policy::none())
            // The library would send some requests again by itself, seen by no journal.
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(limits.connect_timeout)
            .pool_max_idle_per_host(limits.pool_idle)
            .pool_idle_timeout(IDLE_CONNECTION_LIFE);
        if loopback {
            // A proxy that is set for the machine would carry requests for this machine elsewhere.
            client = client.no_proxy();
            // Nor shall a resolver have a say in what this machine is.
            let here = [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ];
            client = client.resolve_to_addrs(
                "localhost",
                &here.map(|address| SocketAddr::new(address, 0)),
            );
        }
        client = if base.scheme() == "http" {
            client.tls_backend_preconfigured(trusting_nobody()?)
        } else {
            verifying(client)
        };
        let client = adjust(client).build().map_err(|error| BuildError::Client {
            detail: failure::root_cause(&error),
        })?;
        Ok(Self {
            client,
            base,
            addresses: Arc::default(),
            limits,
        })
    }

    /// The address of a path on the server, without a query.
    fn address(&self, path: &str) -> Url {
        // Whoever panicked while he held it had changed nothing, or added one that is whole.
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = addresses.get(path) {
            return known.clone();
        }
        let mut url = self.base.clone();
        url.set_path(path);
        addresses.insert(path.to_owned(), url.clone());
        url
    }
}

fn headers(token: &Secret) -> Result<HeaderMap, BuildError> {
    let mut token = HeaderValue::from_str(token.expose()).map_err(|_| BuildError::Token)?;
    token.set_sensitive(true);
    Ok(HeaderMap::from_iter([
        (TOKEN_HEADER, token),
        (ACCEPT, HeaderValue::from_static("application/json")),
    ]))
}

/// TLS with the roots that the operating system trusts.
fn verifying(client: ClientBuilder) -> ClientBuilder {
    // An error says that the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    client.tls_backend_rustls()
}

/// TLS for a client that speaks plain http only: it would refuse every server. Loading the roots of the operating
/// system, as the default does, takes milliseconds that a run against the sandbox need not wait.
fn trusting_nobody() -> Result<rustls::ClientConfig, BuildError> {
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::Client {
            detail: error.to_string(),
        })?;
    Ok(config
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

fn base_url(base: &str) -> Result<Url, BuildError> {
    let Ok(url) = Url::parse(base) else {
        let shown = base.split(['?', '#']).next().unwrap_or_default();
        return Err(BuildError::Base {
            base: shown.rsplit('@').next().unwrap_or_default().to_owned(),
        });
    };
    let nothing_else = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    if nothing_else {
        return Ok(url);
    }
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Err(BuildError::Base {
        base: format!("{}://{host}{port}{}", url.scheme(), url.path()),
    })
}

/// Whether requests to it cannot leave this machine.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
