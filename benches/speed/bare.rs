//! The same work without voxplay: the least that a program over the same libraries has to do.

use std::path::Path;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, redirect, retry};
use serde_json::{Value, json};

/// Sends a chain of requests (`chain COUNT`) or one for each row of a file (`rows FILE CONCURRENCY`).
pub(crate) fn run(base: &str, what: &[&str]) {
    let url = format!("{base}/server/API/v2/custom/update.php");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let client = client();
        match what {
            ["chain", count] => chain(&client, &url, count.parse().expect("a count")).await,
            ["rows", file, concurrency] => {
                let concurrency = concurrency.parse().expect("a number");
                rows(&client, &url, Path::new(file), concurrency).await;
            }
            other => panic!("no such work: {other:?}"),
        }
    });
}

/// With the settings that voxplay has for a plain server on this machine.
fn client() -> Client {
    let headers = HeaderMap::from_iter([
        (
            "wolkvox-token".parse().expect("a name"),
            HeaderValue::from_static("made-up-token-of-the-bench"),
        ),
        (ACCEPT, HeaderValue::from_static("application/json")),
    ]);
    let provider = rustls::crypto::ring::default_provider();
    let tls = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder()
        .user_agent("bare/1")
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_mins(1))
        .pool_max_idle_per_host(256)
        .tls_backend_preconfigured(tls)
        .build()
        .expect("a client")
}

async fn send(client: &Client, url: &str, id: &str, fields: Value) -> bytes::Bytes {
    let body =
        json!({"operation": "bench", "module": "contacts", "wolkvox-id": id, "fields": fields});
    let answer = client
        .post(url)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(body.to_string())
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.bytes().await.expect("all of the answer")
}

async fn chain(client: &Client, url: &str, count: usize) {
    let mut id = "64cb".to_owned();
    for _ in 0..count {
        let fields = json!({"Tipo de cliente": "VIP", "Nota": format!("after {id}")});
        let answer = send(client, url, &id, fields).await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        answer["data"]["wolkvox_id"]
            .as_str()
            .expect("an id")
            .clone_into(&mut id);
    }
}

async fn rows(client: &Client, url: &str, file: &Path, concurrency: usize) {
    let reader = csv::Reader::from_path(file).expect("the rows");
    stream::iter(reader.into_records())
        .map(|row| async move {
            let row = row.expect("a row");
            let fields = json!({
                "Nombre": row[1],
                "Tipo de cliente": "VIP",
                "Saldo": row[2],
                "Nota": format!("Debe {} desde {}", &row[2], &row[3]),
                "Correo": row[4].to_lowercase(),
            });
            send(client, url, &row[0], fields).await;
        })
        .buffer_unordered(concurrency)
        .collect::<()>()
        .await;
}

/// Reads every YAML file of a folder into plain values.
pub(crate) fn read_yaml(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(path).expect("text");
        let _: Value = serde_yaml::from_str(&text).expect("YAML");
    }
}
