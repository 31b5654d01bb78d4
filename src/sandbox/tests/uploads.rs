//! Form-data: what is kept of parts and files.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::*;

#[tokio::test]
async fn a_case_keeps_its_texts_its_form_and_its_files() {
    let bench = Bench::start(Options::default()).await;
    let form = case_without("form")
        .text("form", r#"{"Categoría del caso":"Ventas"}"#)
        .text("priority", "low")
        .part("file", pdf(b"hello"));
    let (status, text) = send(bench.post(CASE).multipart(form)).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    // The digest is that of `printf hello | sha256sum`.
    let file = json!({
        "name": "contrato.pdf", "type": "application/pdf", "size": 5,
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    });
    let record = bench.records().pop().unwrap();
    assert_eq!(
        (record.module.as_str(), record.wolkvox_id.as_str()),
        ("cases", "64cb")
    );
    assert_eq!(
        json!(record.fields),
        json!({
            "responsible": "user@operation", "status": "open", "solution": "Esto es un ejemplo",
            "form": { "Categoría del caso": "Ventas" }, "priority": "low", "files": [file]
        })
    );
    let call = bench.last_call();
    assert_eq!(call.operation.as_deref(), Some("modulodeprueba"));
    assert_eq!(
        call.body[0],
        json!({ "name": "operation", "value": "modulodeprueba" })
    );
    assert_eq!(call.body[7], json!({ "name": "file", "file": file }));
    assert!(
        call.notes
            .iter()
            .any(|note| note.starts_with("case-type is left out")),
        "{:?}",
        call.notes
    );
}

#[tokio::test]
async fn a_large_file_is_hashed_while_it_streams() {
    let bench = Bench::start(Options::default()).await;
    // Larger than the limit for text, and with no period that chunks could hide.
    let bytes: Vec<u8> = (0..20_000_003_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    let mut digest = String::new();
    for byte in Sha256::digest(&bytes) {
        write!(digest, "{byte:02x}").unwrap();
    }
    let part = Part::stream(bytes).file_name("grande.zip");
    let (status, text) = send(bench.post(CASE).multipart(case().part("files", part))).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let file = &bench.last_call().body[6]["file"];
    assert_eq!(file["size"], 20_000_003);
    assert_eq!(file["sha256"], digest);
    assert_eq!(file["type"], Value::Null);
}

#[tokio::test]
async fn file_names_arrive_as_they_were_given() {
    let bench = Bench::start(Options::default()).await;
    for name in [
        "año nuevo.pdf",
        r#"say "hi".pdf"#,
        r"back\slash.pdf",
        "a;b=c.pdf",
        "50%22.pdf",
        "文.pdf",
    ] {
        let part = Part::bytes(&b"x"[..]).file_name(name);
        let (status, text) = send(bench.post(CASE).multipart(case().part("file", part))).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        assert_eq!(bench.last_call().body[6]["file"]["name"], name);
    }
}

#[tokio::test]
async fn unusual_parts_are_noted() {
    let bench = Bench::start(Options::default()).await;
    let odd = Part::bytes(&b"x"[..]).file_name("run.exe");
    let form = case()
        .part("file", pdf(b"1"))
        .part("file", odd)
        .part("files[]", pdf(b"2"))
        .text("status", "closed");
    let (status, text) = send(bench.post(CASE).multipart(form.text("extra", "1"))).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let notes = bench.last_call().notes.join("\n");
    for part in [
        "several files are sent",
        r#"the ending of "run.exe" is not on the page's list"#,
        r#"a file is sent as "files[]", which is not documented"#,
        r#"part "status" is sent twice; the later one counts here"#,
        r#""extra" is not documented for this call"#,
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    let record = bench.records().pop().unwrap();
    assert_eq!(record.fields["status"], "closed");
    assert_eq!(record.fields["files"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn no_depth_of_a_form_makes_the_records_unreadable() {
    let bench = Bench::start(Options::default()).await;
    for depth in 120..135 {
        let text = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let (status, _) = send(
            bench
                .post(CASE)
                .multipart(case_without("form").text("form", text)),
        )
        .await;
        assert_eq!(status == StatusCode::OK, depth < 127, "{depth}");
        assert_eq!(
            (bench.records().len(), bench.last_call().http_status),
            (1, Some(status.as_u16()))
        );
    }
}
