use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::*;

/// For 127.0.0.1, signed by itself; its key protects nothing.
const CERTIFICATE: &[u8] = include_bytes!("self_signed.der");
const KEY: &[u8] = include_bytes!("self_signed_key.der");

/// A server for one connection, which says `OK` to what it reads. Gives what it read after the handshake.
fn serve(listener: &std::net::TcpListener) -> Vec<u8> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(KEY));
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
            .unwrap();
    let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    let mut stream = Stream::new(&mut connection, &mut socket);
    let mut read = vec![0; 64 * 1024];
    let length = stream.read(&mut read).unwrap_or(0);
    read.truncate(length);
    // Fails where the client turned away.
    let _ = stream.write_all(OK);
    read
}

#[tokio::test]
async fn an_unknown_certificate_is_not_sent_anything() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = endpoint("https", listener.local_addr().unwrap());
    let server = tokio::task::spawn_blocking(move || serve(&listener));
    let transport = Transport::new(&endpoint, Limits::default()).unwrap();
    let error = transport.send(&post(), PLENTY).await.unwrap_err();
    assert_discreet(&error);
    let reason = not_sent(Err(error));
    assert!(matches!(reason, NotSentReason::Tls { .. }), "{reason:?}");
    assert_eq!(server.await.unwrap(), b"");
}

#[tokio::test]
async fn a_known_certificate_is_sent_the_request() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = endpoint("https", listener.local_addr().unwrap());
    let server = tokio::task::spawn_blocking(move || serve(&listener));
    let transport = Transport::with_client(&endpoint, Limits::default(), |client| {
        client.tls_certs_only([reqwest::Certificate::from_der(CERTIFICATE).unwrap()])
    })
    .unwrap();
    assert_eq!(transport.send(&post(), PLENTY).await.unwrap().status, 200);
    assert!(
        server
            .await
            .unwrap()
            .starts_with(b"POST /server/API/v2/custom/update.php")
    );
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_not_sent_anything() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"garbage garbage garbage",
        b"",
    ] {
        let listener = listen().await;
        let transport = Transport::new(
            &endpoint("https", listener.local_addr().unwrap()),
            Limits::default(),
        )
        .unwrap();
        let request = post();
        let (result, ()) = tokio::join!(transport.send(&request, PLENTY), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert_ne!(stream.read(&mut [0; 16 * 1024]).await.unwrap(), 0);
            stream.write_all(answer).await.unwrap();
        });
        let reason = not_sent(result);
        assert!(matches!(reason, NotSentReason::Tls { .. }), "{reason:?}");
    }
}
