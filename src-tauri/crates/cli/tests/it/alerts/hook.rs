//! A webhook's receiver on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What was posted.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) line: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

impl Posted {
    pub(crate) fn text(&self) -> &str {
        self.body["text"].as_str().unwrap()
    }
}

#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) port: u16,
    posted: Arc<Mutex<Vec<Posted>>>,
    answers: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    /// Answers 200.
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hook = Self {
            port: listener.local_addr().unwrap().port(),
            posted: Arc::default(),
            answers: Arc::default(),
        };
        let desk = hook.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                desk.serve(stream);
            }
        });
        hook
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The next answer is this status line with these headers.
    pub(crate) fn answer(&self, head: &str) {
        self.answers.lock().unwrap().push(head.to_owned());
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    /// One request; a client that goes away is not the test's business.
    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let header = |name: &str| {
            lines.iter().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let length = header("content-length").map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        self.posted.lock().unwrap().push(Posted {
            line: lines[0].clone(),
            key: header("idempotency-key"),
            body: serde_json::from_slice(&body).unwrap(),
        });
        let head = self.answers.lock().unwrap().pop();
        let head = head.unwrap_or_else(|| "200 OK".to_owned());
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        let _ = stream.write_all(answer.as_bytes());
    }
}
