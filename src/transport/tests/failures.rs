use super::*;

#[tokio::test]
async fn a_refused_port_is_not_sent() {
    let listener = listen().await;
    let transport = to(&listener);
    drop(listener);
    let error = transport.send(&post(), PLENTY).await.unwrap_err();
    assert_discreet(&error);
    assert_eq!(
        error.to_string(),
        "not sent: the connection to 127.0.0.1 was refused"
    );
    assert_eq!(
        not_sent(Err(error)),
        NotSentReason::Refused {
            host: "127.0.0.1".to_owned()
        }
    );
}

#[tokio::test]
async fn a_name_without_address_is_not_sent() {
    // RFC 6761: no name below `.invalid` exists.
    let endpoint = Endpoint::new("https://no-such-host.invalid", Secret::from(TOKEN));
    let transport = Transport::new(&endpoint, Limits::default()).unwrap();
    let error = transport.send(&post(), PLENTY).await.unwrap_err();
    assert_discreet(&error);
    let SendError::NotSent(NotSentReason::NameNotResolved { host, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(host, "no-such-host.invalid");
}

#[tokio::test]
async fn a_path_without_slash_is_not_sent() {
    let listener = listen().await;
    let request = Request {
        path: "custom/update.php".to_owned(),
        ..post()
    };
    let reason = not_sent(to(&listener).send(&request, PLENTY).await);
    assert!(matches!(reason, NotSentReason::Malformed { .. }) && !reason.may_pass());
}

#[tokio::test]
async fn a_connection_cut_before_the_request_is_read_may_have_been_heard() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = post();
    let (result, ()) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        // The request is on its way, or there, when the server turns away.
        assert_ne!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    });
    let error = result.unwrap_err();
    assert_discreet(&error);
    assert!(matches!(
        no_answer(Err(error)),
        NoAnswerReason::ConnectionLost { .. }
    ));
}

#[tokio::test]
async fn a_connection_cut_after_the_request_was_read_was_heard() {
    for request in [post(), get()] {
        let reason = no_answer(answered_with(&request, b"").await);
        assert!(
            matches!(reason, NoAnswerReason::ConnectionLost { .. }),
            "{reason:?}"
        );
    }
}

#[tokio::test]
async fn a_reset_connection_may_have_been_heard() {
    let listener = listen().await;
    let transport = to(&listener);
    let request = post();
    let (result, ()) = tokio::join!(transport.send(&request, PLENTY), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.set_zero_linger().unwrap();
    });
    let error = result.unwrap_err();
    assert_discreet(&error);
    assert!(matches!(
        no_answer(Err(error)),
        NoAnswerReason::ConnectionLost { .. }
    ));
}

#[tokio::test]
async fn half_a_head_is_no_answer() {
    let reason = no_answer(answered_with(&post(), b"HTTP/1.1 200 OK\r\nContent-").await);
    assert!(
        matches!(reason, NoAnswerReason::ConnectionLost { .. }),
        "{reason:?}"
    );
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    let result = answered_with(&post(), b"220 mail.example ESMTP\r\n").await;
    let reason = no_answer(result);
    assert!(
        matches!(reason, NoAnswerReason::InvalidAnswer { .. }),
        "{reason:?}"
    );
}

/// Pins what `Departure` relies on, with and without a body: a request that was written is never called unsent.
#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_no_answer() {
    for request in [
        post(),
        get(),
        Request {
            body: Body::None,
            ..post()
        },
    ] {
        let listener = listen().await;
        let transport = to(&listener);
        let (result, _stream) = tokio::join!(transport.send(&request, SOON), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            stream
        });
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), "sent, but no answer came within 400 ms");
        assert_eq!(
            no_answer(Err(error)),
            NoAnswerReason::TimedOut { after: SOON }
        );
    }
}

/// Behind a TLS handshake that never ends there is no connection yet, whichever limit is met first.
#[tokio::test]
async fn a_connection_that_does_not_come_about_in_time_is_not_sent() {
    for request in [post(), get()] {
        for (connect_timeout, timeout) in [(SOON, PLENTY), (PLENTY, SOON), (SOON, SOON)] {
            let listener = listen().await;
            let limits = Limits {
                connect_timeout,
                ..Limits::default()
            };
            let transport =
                Transport::new(&endpoint("https", listener.local_addr().unwrap()), limits).unwrap();
            let (result, _stream) = tokio::join!(transport.send(&request, timeout), async {
                listener.accept().await.unwrap()
            });
            let host = "127.0.0.1".to_owned();
            assert_eq!(
                not_sent(result),
                NotSentReason::ConnectTimeout { host, after: SOON }
            );
        }
    }
}

/// Who gives up learns whether the request may have left.
#[tokio::test]
async fn a_request_that_is_given_up_before_there_is_a_connection_is_not_sent() {
    for request in [post(), get()] {
        for (scheme, is_sent) in [("https", false), ("http", true)] {
            let listener = listen().await;
            let endpoint = endpoint(scheme, listener.local_addr().unwrap());
            let transport = Transport::new(&endpoint, Limits::default()).unwrap();
            let held = std::cell::Cell::new(None);
            let given_up = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                if is_sent {
                    read_request(&mut stream).await;
                } else {
                    // The handshake has begun, and never ends.
                    stream.read_u8().await.unwrap();
                }
                held.set(Some(stream));
            };
            let result = transport.send_unless(&request, PLENTY, given_up).await;
            if is_sent {
                assert_eq!(no_answer(result), NoAnswerReason::Interrupted);
            } else {
                assert_eq!(not_sent(result), NotSentReason::Interrupted);
            }
        }
    }
}
