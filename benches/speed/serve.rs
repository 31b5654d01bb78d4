//! A server that says yes to everything, in a process of its own: its time is nobody's cost.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Listens on loopback, prints its port, and serves until it is killed.
pub(crate) fn serve(latency_ms: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address").port());
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(connection(stream, Duration::from_millis(latency_ms)));
        }
    });
}

async fn connection(mut stream: TcpStream, latency: Duration) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut read = Vec::with_capacity(8 * 1024);
    let mut number = 0_u64;
    loop {
        let end = loop {
            if let Some(end) = end_of_request(&read)
                && read.len() >= end
            {
                break end;
            }
            if stream.read_buf(&mut read).await.ok()? == 0 {
                return None;
            }
        };
        read.drain(..end);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        number += 1;
        let body = format!(
            r#"{{"code":"200","error":"null","msg":"Succesfully edit record","data":{{"wolkvox_id":"64cb{number:08}"}}}}"#
        );
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

/// Where the first request in `read` ends, once its head is there.
fn end_of_request(read: &[u8]) -> Option<usize> {
    let head = read.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&read[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Some(head + 4 + length.unwrap_or(0))
}
