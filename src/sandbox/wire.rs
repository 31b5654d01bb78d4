//! Connections that can be cut or held up from inside a call. Knows TCP, and nothing of HTTP.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: an emulated network is slow where it was told to be"
)]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

/// How much of an answer comes before it is held up: part of its status line.
const FIRST_BYTES: usize = 9;

/// What happens to the next bytes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Through,
    /// The first bytes go, the rest waits so long.
    Hold(Duration),
    /// No byte goes any more.
    Cut(End),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In order (FIN).
    Closed,
    /// At once (RST).
    Reset,
}

/// The hand on a connection: what a call may do to it.
#[derive(Debug, Clone)]
pub(super) struct Switch(Arc<Mutex<State>>);

impl Switch {
    /// From now on nothing is read from the connection or written to it; it ends at the next try.
    pub(super) fn cut(&self, end: End) {
        *self.state() = State::Cut(end);
    }

    /// The next answer stops after its first bytes, for so long.
    pub(super) fn hold(&self, pause: Duration) {
        *self.state() = State::Hold(pause);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener whose connections have a [`Switch`].
#[derive(Debug)]
pub(super) struct Wires(pub(super) TcpListener);

/// A connection with a switch.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    switch: Switch,
    held: Option<Pin<Box<Sleep>>>,
}

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        // Not the inherent method of the same name: this one deals with what goes wrong while accepting.
        let (stream, peer) = <TcpListener as Listener>::accept(&mut self.0).await;
        // Small answers must not wait for one another; if it cannot be set they are only slower.
        let _ = stream.set_nodelay(true);
        let switch = Switch(Arc::new(Mutex::new(State::Through)));
        let wire = Wire {
            stream,
            switch,
            held: None,
        };
        (wire, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Wires>> for Switch {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().switch.clone()
    }
}

impl Wire {
    /// How many bytes may be written now; an error where the connection is cut.
    fn admitted(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(held) = &mut self.held {
            ready!(held.as_mut().poll(cx));
            self.held = None;
        }
        let mut state = self.switch.state();
        match *state {
            State::Through => Poll::Ready(Ok(usize::MAX)),
            State::Hold(pause) => {
                *state = State::Through;
                self.held = Some(Box::pin(tokio::time::sleep(pause)));
                Poll::Ready(Ok(FIRST_BYTES))
            }
            State::Cut(end) => {
                if end == End::Reset {
                    // Where it cannot be set the connection ends in order, which a client may not tell from a reset.
                    let _ = self.stream.set_zero_linger();
                }
                Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if matches!(*self.switch.state(), State::Cut(_)) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = ready!(self.admitted(cx))?.min(bytes.len());
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..most])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let most = ready!(self.admitted(cx))?;
        if most == usize::MAX {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty());
        let first = first.map_or(&[][..], |slice| slice);
        Pin::new(&mut self.stream).poll_write(cx, &first[..most.min(first.len())])
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
