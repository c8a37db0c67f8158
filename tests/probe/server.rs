//! `openssl s_server`, a TLS server of another make.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use tempfile::TempDir;

use crate::NOW;
use crate::certificates::Pair;

/// A server that runs until it is dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// Collects what the server writes, which includes what it was sent.
    output: Option<JoinHandle<String>>,
    /// Where it runs, with what it serves.
    _folder: TempDir,
}

/// A file in the folder of a server: its name, and what is in it.
pub type File<'a> = (&'a str, &'a [u8]);

/// What a server has to be sent, and what it says then.
pub type Reply = (&'static str, &'static str);

impl Server {
    /// With `pair`, on a free port of the loopback interface. Its clock stands at [`NOW`].
    pub fn start(pair: &Pair, arguments: &[&str]) -> Self {
        Self::with_files(pair, arguments, &[])
    }

    pub fn with_files(pair: &Pair, arguments: &[&str], files: &[File]) -> Self {
        Self::new(pair, arguments, files, None)
    }

    /// Says what is in `reply` as soon as it has been sent that which comes first in it, and nothing before.
    pub fn replying(pair: &Pair, arguments: &[&str], reply: Reply) -> Self {
        Self::new(pair, arguments, &[], Some(reply))
    }

    fn new(pair: &Pair, arguments: &[&str], files: &[File], reply: Option<Reply>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = pair.pem();
        let own = [
            ("server.crt", certificate.as_bytes()),
            ("server.key", pair.key.as_bytes()),
        ];
        for (name, content) in own.iter().chain(files) {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let mut process = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0"])
            .args(["-cert", "server.crt", "-key", "server.key"])
            .args(["-attime", &NOW.unix_timestamp().to_string()])
            .args(arguments)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need openssl");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let input = process.stdin.take().unwrap();
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "{arguments:?}");
            if let Some(address) = line.strip_prefix("ACCEPT ") {
                break address.trim().parse().unwrap();
            }
        };
        Self {
            process,
            address,
            output: Some(std::thread::spawn(move || converse(output, input, reply))),
            _folder: folder,
        }
    }

    /// Ends the server; what it wrote.
    pub fn stop(mut self) -> String {
        self.process.kill().unwrap();
        self.output.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// All that a server writes until it ends. Its input stays open until then: it takes the end of that for the order to stop.
fn converse(mut output: impl Read, mut input: impl Write, mut reply: Option<Reply>) -> String {
    let mut written = String::new();
    let mut piece = [0; 4096];
    loop {
        let length = output.read(&mut piece).unwrap();
        if length == 0 {
            return written;
        }
        written += &String::from_utf8_lossy(&piece[..length]);
        if let Some((_, words)) = reply.take_if(|(sent, _)| written.contains(*sent)) {
            input.write_all(words.as_bytes()).unwrap();
            input.flush().unwrap();
        }
    }
}
