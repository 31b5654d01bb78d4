//! The page that shows what the sandbox was told, and the same as JSON. It reads the store and changes nothing but by a
//! reset; nothing on it comes from outside, and no token is in it.

mod html;

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::serve::Shared;
use super::store::{Call, Record, Store, StoreError, Tally};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How many of the newest calls the page shows.
const MOST_SHOWN: u32 = 100;

/// How many of the newest records of each module.
const MOST_RECORDS: u32 = 25;

/// The newest calls whose remarks the page gathers.
const MOST_NOTED: i64 = 1_000;

/// Only the page's own style and script run, whatever else might stand in it.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    HeaderValue::from_str(&policy).expect("base64 fits into a header")
});

/// Whether a request is for the page, not for the emulated CRM.
pub(super) fn is_for(method: &Method, path: &str) -> bool {
    (path == "/" && (method == Method::GET || method == Method::HEAD))
        || path.starts_with("/_sandbox/")
}

/// Answers a request for the page.
pub(super) fn answer(shared: &Shared, request: &Request) -> Response {
    // A name that somebody points at this machine would let that somebody's page read ours.
    if !names_this_machine(request.headers()) {
        let text = "the page answers only under a name of this machine, such as 127.0.0.1\n";
        return plain(StatusCode::FORBIDDEN, text);
    }
    let (path, method) = (request.uri().path(), request.method());
    let wanted = if path == "/_sandbox/reset" {
        Method::POST
    } else {
        Method::GET
    };
    let known = [
        "/",
        "/_sandbox/state.json",
        "/_sandbox/records.json",
        "/_sandbox/calls.json",
        "/_sandbox/reset",
    ];
    if !known.contains(&path) {
        return plain(StatusCode::NOT_FOUND, "the sandbox has no such page\n");
    }
    let heads = wanted == Method::GET && method == Method::HEAD;
    if *method != wanted && !heads {
        let mut response = plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "this address takes another method\n",
        );
        let allowed = if wanted == Method::GET {
            "GET, HEAD"
        } else {
            "POST"
        };
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static(allowed));
        return response;
    }
    // A page of another site can send a request here, but not with this header.
    if path == "/_sandbox/reset" && shared.place_of(request.headers()).is_none() {
        return plain(
            StatusCode::FORBIDDEN,
            "a reset needs the header Wolkvox-Token\n",
        );
    }
    let answered = match path {
        "/" => whole(shared),
        "/_sandbox/state.json" => state(shared, since(request)).map(|state| in_json(&state)),
        "/_sandbox/records.json" => all_records(shared).map(|records| in_json(&records)),
        "/_sandbox/calls.json" => shared.store().calls().map(|calls| in_json(&json!(calls))),
        _ => shared.reset().map(|()| in_json(&json!({ "reset": true }))),
    };
    answered.unwrap_or_else(|error| plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")))
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

fn since(request: &Request) -> i64 {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let since = pairs.find(|(name, _)| *name == "since");
    since.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

fn whole(shared: &Shared) -> Result<Response, StoreError> {
    let life = shared.life();
    let store = shared.store();
    let last = store.last_call()?;
    let calls = html::calls(&store.calls_after(0, MOST_SHOWN)?);
    let page = html::page(&html::Parts {
        life: &life,
        last,
        calls: &calls,
        records: &records(shared, &store)?,
        notes: &html::notes(&store.notes_of_last(MOST_NOTED)?),
        counted: &html::counted(last, MOST_SHOWN),
        style: STYLE,
        script: SCRIPT,
    });
    drop(store);
    let mut response = with_type("text/html; charset=utf-8", Body::from(page));
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    Ok(response)
}

/// What changed since a call, as pieces of the page.
fn state(shared: &Shared, since: i64) -> Result<Value, StoreError> {
    let life = shared.life();
    let store = shared.store();
    let last = store.last_call()?;
    if last == since {
        return Ok(json!({ "life": life, "last": last }));
    }
    let calls: Vec<Call> = store.calls_after(since, MOST_SHOWN)?;
    Ok(json!({
        "life": life,
        "last": last,
        "most": MOST_SHOWN,
        // Calls between those shown and these were left out: the list starts again.
        "gap": calls.first().is_some_and(|call| call.seq > since + 1),
        "calls": html::calls(&calls),
        "records": records(shared, &store)?,
        "notes": html::notes(&store.notes_of_last(MOST_NOTED)?),
        "counted": html::counted(last, MOST_SHOWN),
    }))
}

/// A record is kept as it was sent, also where somebody sent a token as a field; it is not shown so.
fn all_records(shared: &Shared) -> Result<Value, StoreError> {
    let records = shared.store().records()?;
    let mask = shared.mask();
    let shown: Vec<Record> = records
        .into_iter()
        .map(|record| mask.record(record))
        .collect();
    Ok(json!(shown))
}

fn records(shared: &Shared, store: &Store) -> Result<String, StoreError> {
    let mask = shared.mask();
    let mut modules = Vec::new();
    for tally in store.tally()? {
        let records = store.newest_records(&tally.operation, &tally.module, MOST_RECORDS)?;
        let shown = records.into_iter().map(|record| mask.record(record));
        let (operation, module) = (mask.text(&tally.operation), mask.text(&tally.module));
        let tally = Tally {
            operation,
            module,
            ..tally
        };
        modules.push((tally, shown.collect()));
    }
    Ok(html::records(&modules))
}

fn in_json(value: &Value) -> Response {
    with_type("application/json", Body::from(value.to_string()))
}

fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = with_type("text/plain; charset=utf-8", Body::from(text.to_owned()));
    *response.status_mut() = status;
    response
}

fn with_type(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
