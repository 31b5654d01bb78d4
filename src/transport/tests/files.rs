#![expect(
    clippy::disallowed_methods,
    reason = "tests write the files that they attach"
)]

use std::fs;
use std::path::Path;

use super::*;
use crate::attachment::Attachment;
use crate::request::{Part, PartContent};

fn text(name: &str, text: &str) -> Part {
    Part {
        name: name.to_owned(),
        content: PartContent::Text(text.to_owned()),
    }
}

fn file(path: &Path) -> Part {
    Part {
        name: "file".to_owned(),
        content: PartContent::File(Attachment::describe(path).unwrap()),
    }
}

fn case_update(parts: Vec<Part>) -> Request {
    Request {
        method: Method::Post,
        path: "/server/API/v2/cases/update.php".to_owned(),
        query: vec![],
        body: Body::Multipart(parts),
    }
}

/// What arrived for `request`, and the boundary that its head names.
async fn arriving(request: &Request) -> (Vec<u8>, String) {
    let listener = listen().await;
    let transport = to(&listener);
    let (result, (head, body)) = tokio::join!(transport.send(request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        request
    });
    assert_eq!(result.unwrap().status, 200);
    assert_eq!(header(&head, "transfer-encoding"), None);
    let boundary = header(&head, "content-type")
        .unwrap()
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    (body, boundary.to_owned())
}

#[tokio::test]
async fn five_megabytes_arrive_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scan.pdf");
    let bytes: Vec<u8> = (0..5_000_000_u32)
        .flat_map(|n| [n.to_be_bytes()[3] ^ n.to_be_bytes()[2]])
        .collect();
    fs::write(&path, &bytes).unwrap();
    let (body, boundary) =
        arriving(&case_update(vec![text("status", "Abierto ñ"), file(&path)])).await;
    let before = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\nAbierto ñ\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"scan.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n"
    );
    let after = format!("\r\n--{boundary}--\r\n");
    // Not assert_eq: its message would hold five megabytes.
    assert!(body == [before.as_bytes(), &bytes, after.as_bytes()].concat());
}

#[cfg(unix)]
#[tokio::test]
async fn names_with_quotes_and_accents_arrive_as_php_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(r#"año "2" 50% a\b+c.txt"#);
    fs::write(&path, "x").unwrap();
    let (body, _) = arriving(&case_update(vec![text(r#"Tipo "á" b"#, ""), file(&path)])).await;
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains(r#"form-data; name="Tipo \"á\" b""#), "{body}");
    assert!(
        body.contains(r#"name="file"; filename="año \"2\" 50% a\\b+c.txt""#),
        "{body}"
    );
}

#[tokio::test]
async fn a_name_with_a_line_break_is_not_sent() {
    let listener = listen().await;
    let request = case_update(vec![text("a\r\nContent-Type: text/html", "")]);
    let reason = not_sent(to(&listener).send(&request, PLENTY).await);
    assert!(
        matches!(reason, NotSentReason::Malformed { .. }),
        "{reason:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_gone_or_has_changed_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "one").unwrap();
    let resolved = path.canonicalize().unwrap();
    let request = case_update(vec![file(&path)]);
    let listener = listen().await;
    let transport = to(&listener);

    fs::write(&path, "longer").unwrap();
    let changed = NotSentReason::FileChanged {
        path: resolved.clone(),
    };
    assert_eq!(not_sent(transport.send(&request, PLENTY).await), changed);

    // As long as before, so that only its time, and then its digest, tell.
    fs::write(&path, "two").unwrap();
    let later = std::time::SystemTime::UNIX_EPOCH + Duration::from_hours(1);
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    assert_eq!(not_sent(transport.send(&request, PLENTY).await), changed);

    fs::remove_file(&path).unwrap();
    let reason = not_sent(transport.send(&request, PLENTY).await);
    assert!(
        matches!(&reason, NotSentReason::FileUnreadable { path, .. } if *path == resolved),
        "{reason:?}"
    );
    assert!(!reason.may_pass());
}

#[tokio::test]
async fn a_file_that_was_only_touched_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "the same").unwrap();
    let request = case_update(vec![file(&path)]);
    let later = std::time::SystemTime::UNIX_EPOCH + Duration::from_hours(1);
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let (body, _) = arriving(&request).await;
    assert!(
        String::from_utf8(body)
            .unwrap()
            .contains("\r\n\r\nthe same\r\n--")
    );
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_may_have_been_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video.mp4");
    // More than the buffers of both sockets take while nobody reads.
    fs::File::create(&path)
        .unwrap()
        .set_len(24 * 1024 * 1024)
        .unwrap();
    let request = case_update(vec![file(&path)]);
    let listener = listen().await;
    let transport = to(&listener);
    let (result, ()) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(1024)
            .unwrap();
        tokio::io::copy(&mut stream, &mut tokio::io::sink())
            .await
            .unwrap();
    });
    let error = result.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("video.mp4 could not be sent whole: it ended"),
        "{error}"
    );
    assert!(matches!(
        no_answer(Err(error)),
        NoAnswerReason::FileBroke { .. }
    ));
}

#[tokio::test]
async fn an_answer_while_the_file_is_still_being_sent_is_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video.mp4");
    fs::File::create(&path)
        .unwrap()
        .set_len(24 * 1024 * 1024)
        .unwrap();
    let request = case_update(vec![file(&path)]);
    let listener = listen().await;
    let transport = to(&listener);
    let (result, _stream) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
        stream
            .write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap();
        stream
    });
    assert_eq!(result.unwrap().status, 413);
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_sent_arrives_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("video.mp4");
    let size = 24 * 1024 * 1024 + 1;
    fs::File::create(&path).unwrap().set_len(size).unwrap();
    let request = case_update(vec![file(&path)]);
    let listener = listen().await;
    let transport = to(&listener);
    let (result, body) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(2 * size)
            .unwrap();
        let (_, body) = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        body
    });
    assert_eq!(result.unwrap().status, 200);
    assert!(body.ends_with(b"--\r\n"));
}
