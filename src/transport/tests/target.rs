use super::*;

fn build(base: &str) -> Result<Transport, BuildError> {
    Transport::new(&Endpoint::new(base, Secret::from(TOKEN)), Limits::default())
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for base in [
        "http://127.0.0.1:8090",
        "http://[::1]:8090",
        "http://localhost",
        "http://127.1:80/",
    ] {
        assert!(build(base).is_ok(), "{base}");
    }
    for (base, host) in [
        ("http://crm0001.wolkvox.com", "crm0001.wolkvox.com"),
        ("http://localhost.example", "localhost.example"),
        ("http://10.0.0.1:8090", "10.0.0.1"),
        ("http://[2001:db8::1]", "[2001:db8::1]"),
    ] {
        let host = host.to_owned();
        assert_eq!(
            build(base).unwrap_err(),
            BuildError::PlainHttp { host },
            "{base}"
        );
    }
}

#[test]
fn a_base_is_scheme_host_and_port_and_its_error_shows_no_password() {
    for (base, shown) in [
        ("crm0001.wolkvox.com", "crm0001.wolkvox.com"),
        ("ftp://crm0001.wolkvox.com", "ftp://crm0001.wolkvox.com/"),
        (
            "https://user:hidden@crm0001.wolkvox.com",
            "https://crm0001.wolkvox.com/",
        ),
        ("https://user:hidden@ ?key=hidden", " "),
        ("https://host:8443/path", "https://host:8443/path"),
        ("https://host?key=hidden", "https://host/"),
        ("", ""),
    ] {
        let error = build(base).unwrap_err();
        assert_eq!(
            error,
            BuildError::Base {
                base: shown.to_owned()
            }
        );
    }
}

#[test]
fn a_token_that_fits_no_header_is_refused_and_not_shown() {
    let endpoint = Endpoint::new("http://127.0.0.1", Secret::from("made-up\nX-Other: 1"));
    let error = Transport::new(&endpoint, Limits::default()).unwrap_err();
    assert_eq!(error, BuildError::Token);
    assert!(!error.to_string().contains("made-up"));
    assert!(!format!("{endpoint:?}").contains("made-up"));
}

#[test]
fn debug_shows_no_token() {
    assert!(!format!("{:?}", build("http://127.0.0.1").unwrap()).contains(TOKEN));
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    let transport = build(&format!("http://localhost:{port}")).unwrap();
    let request = post();
    let (result, head) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (head, _) = read_request(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        head
    });
    assert_eq!(result.unwrap().status, 200);
    assert_eq!(
        header(&head, "host"),
        Some(format!("localhost:{port}").as_str())
    );
}

#[test]
fn the_token_is_marked_sensitive() {
    let headers = headers(&Secret::from(TOKEN)).unwrap();
    assert!(headers[TOKEN_HEADER].is_sensitive());
    assert!(!format!("{headers:?}").contains(TOKEN));
}
