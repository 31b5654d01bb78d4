use super::*;

#[tokio::test]
async fn the_request_arrives_as_it_is_with_token_and_product() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = post();
    let (result, (head, body)) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        request
    });
    let response = result.unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (200, &br#"{"code":200}"#[..])
    );
    assert_eq!(response.complete, Completeness::Complete);
    assert_eq!(response.content_type.as_deref(), Some("application/json"));
    assert_eq!((response.retry_after, response.location), (None, None));
    assert!(response.elapsed > Duration::ZERO);

    assert_eq!(
        head.lines().next(),
        Some("POST /server/API/v2/custom/update.php?secret=in+the+query HTTP/1.1")
    );
    assert_eq!(body, br#"{"operation":"acme"}"#);
    let user_agent = concat!("voxplay/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("Wolkvox-Token", TOKEN),
        ("User-Agent", user_agent),
        ("Content-Type", "application/json"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip"),
    ] {
        assert_eq!(header(&head, name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_request_without_a_body_says_nothing_about_one() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = Request {
        query: vec![],
        ..get()
    };
    let (result, (head, _)) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        request
    });
    assert_eq!(result.unwrap().status, 200);
    assert!(head.starts_with("GET /server/API/v2/custom/update.php HTTP/1.1\r\n"));
    for name in ["Content-Type", "Content-Length", "Transfer-Encoding"] {
        assert_eq!(header(&head, name), None);
    }
}

#[tokio::test]
async fn a_write_without_a_body_says_that_it_has_none() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = Request {
        method: Method::Post,
        ..get()
    };
    let (result, (head, _)) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        request
    });
    assert_eq!(result.unwrap().status, 200);
    assert_eq!(header(&head, "Content-Length"), Some("0"));
}

#[tokio::test]
async fn a_path_stays_on_the_host() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = Request {
        path: "//other.invalid/año?x#y".to_owned(),
        query: vec![],
        ..get()
    };
    let (result, (head, _)) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        request
    });
    assert_eq!(result.unwrap().status, 200);
    assert!(
        head.starts_with("GET //other.invalid/a%C3%B1o%3Fx%23y HTTP/1.1\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn two_requests_share_a_connection() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = post();
    let (statuses, ()) = tokio::join!(
        async {
            let first = transport.send(&request, PLENTY).await.unwrap().status;
            (
                first,
                transport.send(&request, PLENTY).await.unwrap().status,
            )
        },
        async {
            // Only one connection is ever accepted.
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..2 {
                read_request(&mut stream).await;
                stream.write_all(OK).await.unwrap();
            }
        }
    );
    assert_eq!(statuses, (200, 200));
}

#[tokio::test]
async fn every_status_is_an_answer() {
    for status in [204, 400, 401, 403, 404, 429, 500, 502, 503] {
        let answer =
            format!("HTTP/1.1 {status} Whatever\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
        let response = answered_with(&post(), answer.as_bytes()).await.unwrap();
        assert_eq!(response.status, status);
        assert_eq!(response.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(response.complete, Completeness::Complete);
    }
}

#[tokio::test]
async fn a_redirect_is_shown_and_not_followed() {
    let elsewhere = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = format!("http://{}/login", elsewhere.local_addr().unwrap());
    for status in [301, 302, 303, 307, 308] {
        let answer =
            format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let response = answered_with(&post(), answer.as_bytes()).await.unwrap();
        assert_eq!(response.status, status);
        assert_eq!(response.location.as_ref(), Some(&location));
    }
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn an_oversized_body_is_cut_at_the_cap() {
    let listener = listen().await;
    let limits = Limits {
        answer_cap: 1000,
        ..Limits::default()
    };
    let transport =
        Transport::new(&endpoint("http", listener.local_addr().unwrap()), limits).unwrap();
    for (length, complete) in [
        (1000, Completeness::Complete),
        (1001, Completeness::Truncated),
        (5_000_000, Completeness::Truncated),
    ] {
        let request = post();
        let (result, ()) = tokio::join!(transport.send(&request, PLENTY), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            let head =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            // The client hangs up when it has had enough.
            let _ = stream.write_all(&vec![b'x'; length]).await;
        });
        let response = result.unwrap();
        assert_eq!(response.body, vec![b'x'; 1000]);
        assert_eq!(response.complete, complete, "{length}");
    }
}

/// `{"code":200}`, compressed.
const GZIP: [u8; 32] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 206, 79, 73, 85, 178, 50, 50, 48, 168, 5, 0, 84,
    3, 150, 234, 12, 0, 0, 0,
];

fn gzip_answer(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn gzip_is_undone() {
    let response = answered_with(&post(), &gzip_answer(&GZIP)).await.unwrap();
    assert_eq!(response.body, br#"{"code":200}"#);
    assert_eq!(response.complete, Completeness::Complete);
}

#[tokio::test]
async fn bad_gzip_keeps_the_status() {
    let response = answered_with(&post(), &gzip_answer(b"no gzip at all"))
        .await
        .unwrap();
    assert_eq!(response.status, 200);
    let Completeness::Broken(BrokenReason::BadEncoding { .. }) = response.complete else {
        panic!("{:?}", response.complete);
    };
}

#[tokio::test]
async fn a_body_that_ends_early_keeps_the_status_and_what_came() {
    let answer = b"HTTP/1.1 500 Error\r\nContent-Length: 100\r\n\r\n{\"code\"";
    let response = answered_with(&post(), answer).await.unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (500, &b"{\"code\""[..])
    );
    let Completeness::Broken(BrokenReason::EndedEarly { .. }) = response.complete else {
        panic!("{:?}", response.complete);
    };
}

#[tokio::test]
async fn a_body_that_stalls_keeps_the_status_and_what_came() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = post();
    let (result, _stream) = tokio::join!(transport.send(&request, SOON), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(&OK[..OK.len() - 1]).await.unwrap();
        stream
    });
    let response = result.unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (200, &br#"{"code":200"#[..])
    );
    assert_eq!(
        response.complete,
        Completeness::Broken(BrokenReason::TimedOut { after: SOON })
    );
}
