//! HTTP in, HTTP out: read the call, judge it, spoil the answer where a fault hits it, log it, send it. Every call takes
//! this way, also a refused one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Refusal};
use super::beginning::FirstRecord;
use super::body::Body;
use super::desk::Desk;
use super::endpoints::Endpoint;
use super::faults::{Fault, Picked, Picker, Reply, nothing, spoil};
use super::mask::Mask;
use super::page;
use super::quota::{Quota, Spent};
use super::send::send;
use super::store::{Entry, Store, StoreError, today};
use super::wire::{Switch, Wires};
use super::{Rules, WrongToken};

/// The header that carries the token.
const TOKEN_HEADER: &str = "wolkvox-token";

/// What all calls share. Each lock is held for a moment, never across an await.
#[derive(Debug)]
pub(super) struct Shared {
    store: Mutex<Store>,
    rules: Rules,
    tokens: Vec<SecretString>,
    quota: Mutex<Quota>,
    picker: Mutex<Picker>,
    first: Vec<FirstRecord>,
    /// Which life of the records this is: a page that shows another one starts again.
    life: Mutex<String>,
    stopping: CancellationToken,
}

impl Shared {
    pub(super) fn new(
        store: Store,
        rules: Rules,
        tokens: Vec<SecretString>,
        quota: Quota,
        picker: Picker,
        first: Vec<FirstRecord>,
        stopping: CancellationToken,
    ) -> Result<Self, StoreError> {
        store.together(|| first.iter().try_for_each(|record| store.begin_with(record)))?;
        Ok(Self {
            store: Mutex::new(store),
            rules,
            tokens,
            quota: Mutex::new(quota),
            picker: Mutex::new(picker),
            first,
            life: Mutex::new(new_life()),
            stopping,
        })
    }

    /// The store. A panic elsewhere does not spoil it: its writes are transactions.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        unspoiled(&self.store)
    }

    /// Which life of the records this is.
    pub(super) fn life(&self) -> String {
        unspoiled(&self.life).clone()
    }

    /// Begins again: with the records that it began with, no call, and rules and limits that have counted nothing.
    pub(super) fn reset(&self) -> Result<(), StoreError> {
        let store = self.store();
        store.together(|| {
            store.forget()?;
            let mut first = self.first.iter();
            first.try_for_each(|record| store.begin_with(record))
        })?;
        drop(store);
        unspoiled(&self.picker).forget();
        unspoiled(&self.quota).forget();
        *unspoiled(&self.life) = new_life();
        Ok(())
    }

    /// Keeps the tokens that are accepted out of what is shown.
    pub(super) fn mask(&self) -> Mask<'_> {
        Mask::new(self.tokens.iter().map(SecretString::expose_secret))
    }

    /// The place of a token among those that are accepted.
    pub(super) fn place_of(&self, headers: &HeaderMap) -> Option<usize> {
        let presented = headers.get(TOKEN_HEADER)?.as_bytes();
        let mut tokens = self.tokens.iter();
        tokens.position(|known| known.expose_secret().as_bytes() == presented)
    }
}

fn new_life() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

fn unspoiled<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call as it arrived.
#[derive(Debug)]
pub(super) struct Received {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    pub(super) body: Body,
}

impl Received {
    /// The head of a request, whose body stays unread.
    fn head(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: request.headers().clone(),
            body: Body::Empty,
        }
    }

    async fn read(request: Request) -> Self {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let headers = request.headers().clone();
        Self {
            method,
            path,
            query,
            headers,
            body: Body::read(request).await,
        }
    }

    /// The value of a parameter in the address.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// The operation that the call names, if one can be seen.
    fn operation(&self) -> Option<String> {
        let named = self.body.operation().map(str::to_owned);
        named.or_else(|| self.parameter("operation"))
    }

    /// What a record that the call makes keeps of the program: its name of itself, and the path.
    fn origin(&self) -> Option<String> {
        let agent = self.headers.get(USER_AGENT)?.to_str().ok()?;
        Some(format!("{agent} – {}", self.path))
    }

    /// Whether the call says that its body is JSON.
    pub(super) fn says_json(&self) -> bool {
        let content_type = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("application/json")
    }
}

/// Answers calls until the sandbox stops, then finishes those under way.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let stopped = shared.stopping.clone().cancelled_owned();
    let router = Router::new()
        .fallback(receive)
        .layer(DefaultBodyLimit::disable())
        .with_state(shared);
    let service = router.into_make_service_with_connect_info::<Switch>();
    // It never ends with an error: axum retries what fails while accepting.
    let _ = axum::serve(Wires(listener), service)
        .with_graceful_shutdown(stopped)
        .await;
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: Request,
) -> Response {
    if page::is_for(request.method(), request.uri().path()) {
        return page::answer(&shared, &request);
    }
    let call = Endpoint::at(request.uri().path());
    let unread = unspoiled(&shared.picker).before_the_body(call);
    let (reply, delay) = if let Some(picked) = unread {
        let received = Received::head(&request);
        (carry_out(&shared, &received, &picked), picked.delay)
    } else {
        let received = Received::read(request).await;
        let picked = {
            let mut picker = unspoiled(&shared.picker);
            let ids = if picker.asks_for_ids() {
                received.body.ids()
            } else {
                Vec::new()
            };
            picker.after_the_body(call, &ids)
        };
        (carry_out(&shared, &received, &picked), picked.delay)
    };
    send(reply, delay, &switch, &shared.stopping).await
}

/// Does what a call says, as far as the fault that hits it lets it, and logs it. Both are kept or neither.
fn carry_out(shared: &Shared, received: &Received, picked: &Picked) -> Reply {
    let store = shared.store();
    let carried = store.together(|| {
        let (reply, done) = match &picked.fault {
            None => {
                let (answer, done) = judge(shared, &store, received, None)?;
                (Reply::plain(answer), done)
            }
            Some((rule, fault)) => {
                let (answer, done) = if fault.kind.is_before_the_body() {
                    (nothing(), false)
                } else {
                    judge(shared, &store, received, Some(fault))?
                };
                (spoil(answer, fault, *rule, done), done)
            }
        };
        log(shared, &store, received, picked, &reply, done)?;
        Ok(reply)
    });
    carried.unwrap_or_else(|error| Reply::plain(Answer::refused(error.into(), Vec::new())))
}

/// What the documents make of a call, and whether what it asks for was done: it is where it may be, and the fault that
/// hits the call lets it.
fn judge(
    shared: &Shared,
    store: &Store,
    received: &Received,
    fault: Option<&Fault>,
) -> Result<(Answer, bool), StoreError> {
    store.mark()?;
    let mut desk = Desk::new(shared.rules, store);
    desk.origin = received.origin();
    desk.only_first_page = fault.is_some_and(Fault::is_first_page);
    desk.lag = fault.map(Fault::lag).unwrap_or_default();
    let judged = admit(shared, received).and_then(|(endpoint, spent)| {
        desk.spent = spent;
        endpoint.answer(&mut desk, received)
    });
    let applied = fault.is_none_or(|fault| fault.applied);
    let done = applied && judged.is_ok();
    if !done {
        store.undo()?;
    }
    Ok((judged.unwrap_or_else(|refusal| desk.refused(refusal)), done))
}

/// The endpoint that a call reaches: path first, then method, then token. The codes are on the vendor's list; their
/// order, and what a wrong token and too many calls get, are choices.
fn admit(shared: &Shared, received: &Received) -> Result<(Endpoint, Spent), Refusal> {
    let endpoint = Endpoint::at(&received.path).ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "no such call; letter case counts in the path",
        )
    })?;
    if received.method != Method::POST {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this call takes POST",
        ));
    }
    if !received.headers.contains_key(TOKEN_HEADER) {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "the header Wolkvox-Token is required",
        ));
    }
    let Some(place) = shared.place_of(&received.headers) else {
        let status = match shared.rules.wrong_token {
            WrongToken::Unauthorized => StatusCode::UNAUTHORIZED,
            WrongToken::Forbidden => StatusCode::FORBIDDEN,
        };
        return Err(Refusal::new(status, "the token is not one of this sandbox"));
    };
    let spent = unspoiled(&shared.quota).count(place, today());
    if spent.is_over() {
        return Err(Refusal::over_limit(shared.rules.over_limit));
    }
    Ok((endpoint, spent))
}

fn log(
    shared: &Shared,
    store: &Store,
    received: &Received,
    picked: &Picked,
    reply: &Reply,
    done: bool,
) -> Result<(), StoreError> {
    let presented = received
        .headers
        .get_all(TOKEN_HEADER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mask = Mask::new(
        shared
            .tokens
            .iter()
            .map(SecretString::expose_secret)
            .chain(presented),
    );
    store.log(&Entry {
        method: received.method.as_str(),
        path: &mask.text(&received.path),
        operation: received.operation().map(|operation| mask.text(&operation)),
        body: &mask.value(&received.body.summary()),
        http_status: reply.status_sent(),
        answer: &mask.value(&reply.logged()),
        fault: picked.fault.as_ref().map(|(_, fault)| fault.kind.name),
        done,
        documented: reply.documented,
        notes: reply.notes.iter().map(|note| mask.text(note)).collect(),
    })
}
