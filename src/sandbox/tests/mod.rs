//! The sandbox over real HTTP on loopback.

mod collections;
mod envelopes;
mod family;
mod page;
mod queries;
mod refusals;
mod quota;
mod samples;
mod server;
mod uploads;
mod wire;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{Call, Options, Record, Sandbox};

const UPDATE: &str = "/server/API/v2/custom/update.php";
const CASE: &str = "/server/API/v2/cases/update.php";
const DELETE: &str = "/server/API/v2/custom/delete.php";
const INSERT: &str = "/server/API/v2/custom/insert.php";
const OBLIGATION: &str = "/server/API/v2/collections/insertObligation.php";

/// A sandbox and a client for it.
struct Bench {
    sandbox: Sandbox,
    client: Client,
}

impl Bench {
    async fn start(options: Options) -> Self {
        // The client has no TLS provider of its own; another test may have installed one first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .build()
            .expect("a client for plain HTTP");
        Self {
            sandbox: Sandbox::start(options)
                .await
                .expect("a sandbox on a free port"),
            client,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.sandbox.base_url()))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
            .header("Wolkvox-Token", self.sandbox.token())
    }

    async fn json(&self, path: &str, body: &Value) -> (StatusCode, String) {
        send(self.post(path).json(body)).await
    }

    /// Sends and expects a success.
    async fn succeeds(&self, path: &str, body: &Value) -> Value {
        let (status, text) = self.json(path, body).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).expect("an answer in JSON")
    }

    /// Sends and expects a refusal with this status and a sentence that contains this text.
    async fn refuses(&self, path: &str, body: &Value, status: u16, sentence: &str) {
        refused(self.json(path, body).await, status, sentence);
    }

    fn last_call(&self) -> Call {
        self.sandbox
            .calls()
            .expect("the log")
            .pop()
            .expect("a call")
    }

    fn records(&self) -> Vec<Record> {
        self.sandbox.records().expect("the records")
    }
}

async fn send(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/json");
    (status, response.text().await.expect("a body"))
}

/// Checks a refusal: the same code twice, the vendor's envelope in its order, a sentence that is plainly ours.
fn refused((status, text): (StatusCode, String), expected: u16, sentence: &str) {
    assert_eq!(status.as_u16(), expected, "{text}");
    let answer: Value = serde_json::from_str(&text).expect("an answer in JSON");
    assert_eq!(answer["code"], expected);
    let keys: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["code", "error", "msg", "data"]);
    let msg = answer["msg"].as_str().expect("a text");
    assert!(
        msg.starts_with("sandbox: ") && msg.contains(sentence),
        "{msg:?} does not say {sentence:?}"
    );
}

fn update() -> Value {
    json!({
        "operation": "modulodeprueba", "module": "contacts", "wolkvox-id": "64cb",
        "fields": { "idcontact": "1012345678", "Tipo de cliente": "VIP", "Email": "a@example.com" }
    })
}

fn delete() -> Value {
    json!({ "operation": "modulodeprueba", "module": "contacts", "multiple": false, "wolkvox-id": "6074xxxxxx7d3" })
}

fn activity() -> Value {
    json!({
        "operation": "My-CRM-operation", "module": "wolkvox_activities", "type": "call",
        "fields": {
            "status": "created", "name": "Nombre de la actividad", "priority": "low", "name_module": "cases",
            "completion_date": "2023-07-30 00:00:00", "remember": true, "reminder_date": "2023-07-29 00:00:00",
            "description": "Esto es una descripción de la actividad", "id_record": "código de id",
            "location": "N/A", "wolkvox_owner": "ADMIN_@mimodulo",
            "phone": { "type": "telephone", "country": "COLOMBIA", "code": "57", "value": "1234567898" }
        }
    })
}

fn obligation() -> Value {
    json!({
        "operation": "modulodeprueba", "wolkvox_id": "61fa3",
        "fields": {
            "id": "obl1", "name": "Factura 12345 – Pago Pendiente", "total_balance": "10000",
            "portfolio_type": "VIP Client", "last_pay": "2000", "last_pay_date": "06-06-2023",
            "expiring_date": "07-07-2023", "days_delay": "90",
            "form": [
                { "name": "Titulacion", "value": "valor de titulacion" },
                { "name": "Frecuencia", "value": "Frecuentado" }
            ]
        }
    })
}

/// The parts of the vendor's code sample, without the file.
fn case() -> Form {
    case_without("")
}

fn case_without(absent: &str) -> Form {
    let parts = [
        ("operation", "modulodeprueba"),
        ("wolkvox-id", "64cb"),
        ("responsible", "user@operation"),
        ("status", "open"),
        ("solution", "Esto es un ejemplo"),
        ("form", "{}"),
    ];
    let sent = parts.into_iter().filter(|(name, _)| *name != absent);
    sent.fold(Form::new(), |form, (name, text)| form.text(name, text))
}

fn pdf(bytes: &'static [u8]) -> Part {
    Part::bytes(bytes)
        .file_name("contrato.pdf")
        .mime_str("application/pdf")
        .expect("a media type")
}
