use bytes::Bytes;

use super::*;

/// HTTP/2 without TLS, which no address asks for.
fn http2_to(listener: &TcpListener) -> Transport {
    let endpoint = endpoint("http", listener.local_addr().unwrap());
    Transport::with_client(
        &endpoint,
        Limits::default(),
        ClientBuilder::http2_prior_knowledge,
    )
    .unwrap()
}

/// Sends `request` to a server that resets its stream for `reason`; says how many requests the server saw.
async fn reset(request: &Request, reason: h2::Reason) -> (Result<Response, SendError>, usize) {
    let listener = listen().await;
    let transport = http2_to(&listener);
    let sending = async {
        let result = transport.send(request, PLENTY).await;
        drop(transport);
        result
    };
    tokio::join!(sending, async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let mut seen = 0;
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            seen += 1;
            respond.send_reset(reason);
        }
        seen
    })
}

#[tokio::test]
async fn a_declined_stream_is_not_sent_and_not_repeated() {
    for request in [post(), get()] {
        let (result, seen) = reset(&request, h2::Reason::REFUSED_STREAM).await;
        assert_eq!(not_sent(result), NotSentReason::Declined);
        assert_eq!(seen, 1);
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_otherwise_may_have_been_heard() {
    for reason in [
        h2::Reason::INTERNAL_ERROR,
        h2::Reason::CANCEL,
        h2::Reason::NO_ERROR,
    ] {
        let (result, seen) = reset(&post(), reason).await;
        assert!(matches!(
            no_answer(result),
            NoAnswerReason::ConnectionLost { .. }
        ));
        assert_eq!(seen, 1);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_no_answer() {
    for request in [post(), get()] {
        let listener = listen().await;
        let transport = http2_to(&listener);
        let serving = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let held = connection.accept().await.unwrap().unwrap();
            // Keeps the connection going until the client has hung up.
            let _ = connection.accept().await;
            drop(held);
        };
        let sending = async {
            let result = transport.send(&request, SOON).await;
            drop(transport);
            result
        };
        let (result, ()) = tokio::join!(sending, serving);
        assert_eq!(no_answer(result), NoAnswerReason::TimedOut { after: SOON });
    }
}

#[tokio::test]
async fn an_answer_over_http2_is_an_answer() {
    let listener = listen().await;
    let transport = http2_to(&listener);
    let request = post();
    let sending = async {
        let result = transport.send(&request, PLENTY).await;
        drop(transport);
        result
    };
    let (result, ()) = tokio::join!(sending, async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            assert_eq!(request.headers()["wolkvox-token"], TOKEN);
            let mut body = respond
                .send_response(hyper::Response::new(()), false)
                .unwrap();
            body.send_data(Bytes::from_static(b"{}"), true).unwrap();
        }
    });
    assert_eq!(result.unwrap().body, b"{}");
}
