//! A server that says exactly what it is told, byte for byte, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with one request.
#[derive(Clone)]
pub(crate) enum Act {
    /// These bytes, then the connection is closed.
    Say(Vec<u8>),
    /// Closed without a word.
    Drop,
    /// Neither a word nor an end.
    Hang,
}

pub(crate) fn say(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    Act::Say(
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .into_bytes(),
    )
}

pub(crate) struct Script {
    pub(crate) url: String,
    /// Every request, head and body.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

/// Answers the n-th request with the n-th act, and all further ones with the last.
pub(crate) async fn play(acts: Vec<Act>) -> Script {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        for n in 0.. {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            let act = acts.get(n).or(acts.last()).unwrap().clone();
            tokio::spawn(answer(stream, act, Arc::clone(&heard)));
        }
    });
    Script { url, asked }
}

async fn answer(mut stream: TcpStream, act: Act, heard: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        // The first byte of a TLS handshake: whoever sends it waits for an answer.
        if read == 0 || request.first() == Some(&0x16) || is_whole(&text) {
            if !text.is_empty() {
                heard.lock().unwrap().push(text);
            }
            break;
        }
    }
    match act {
        Act::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::Drop => {}
        Act::Hang => std::future::pending().await,
    }
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}
