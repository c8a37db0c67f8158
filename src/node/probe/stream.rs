//! A TCP connection whose waits all end at one moment.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Reads and writes until the patience has run out, counted from the attempt to connect; then each fails with
/// [`ErrorKind::TimedOut`]. The clock is looked at before every system call, so that bytes which drip gain nothing.
pub(super) struct TimedStream {
    socket: TcpStream,
    started: Instant,
    patience: Duration,
}

impl TimedStream {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that connects: to an address, which the caller took from this node"
    )]
    pub(super) fn connect(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let started = Instant::now();
        if patience.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let socket = TcpStream::connect_timeout(&address, patience)?;
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            started,
            patience,
        })
    }

    /// Does `work` with what is left of the patience, again where a signal broke in.
    fn in_time<T>(
        &self,
        mut work: impl FnMut(&TcpStream, Duration) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let left = self.patience.saturating_sub(self.started.elapsed());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            match work(&self.socket, left) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // How the kernel says that a timeout of the socket has passed.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

impl Read for TimedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.in_time(|mut socket, left| {
            socket.set_read_timeout(Some(left))?;
            socket.read(buffer)
        })
    }
}

impl Write for TimedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.in_time(|mut socket, left| {
            socket.set_write_timeout(Some(left))?;
            socket.write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
