//! A mail server on this machine: real sockets and TLS around a kept SMTP implementation.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mailin::{Action, AuthMechanism, Handler, Response, Session, SessionBuilder, response};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) login: Option<(String, String)>,
    pub(crate) data: Vec<u8>,
}

/// How connections are encrypted.
#[derive(Clone)]
pub(crate) enum Tls {
    None,
    /// From the first byte, with this certificate; a login is asked for.
    Implicit(Arc<ServerConfig>),
    /// After STARTTLS; a login is asked for.
    Start(Arc<ServerConfig>),
}

pub(crate) struct PostOffice {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
    refusals: Arc<AtomicU32>,
}

impl PostOffice {
    pub(crate) fn open(tls: Tls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let office = Self {
            port: listener.local_addr().unwrap().port(),
            mails: Arc::default(),
            refusals: Arc::default(),
        };
        let desk = Desk {
            mails: Arc::clone(&office.mails),
            refusals: Arc::clone(&office.refusals),
            mail: Mail::default(),
        };
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, desk) = (tls.clone(), desk.clone());
                std::thread::spawn(move || serve(stream, &tls, desk));
            }
        });
        office
    }

    /// The next mails are put off.
    pub(crate) fn refuse(&self, count: u32) {
        self.refusals.store(count, Ordering::SeqCst);
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    /// Waits for that many mails from a process that goes on.
    #[expect(
        clippy::disallowed_methods,
        reason = "another process works in real time"
    )]
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Mail> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            assert!(Instant::now() < until, "only {mails:?} came");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A certificate of our own for `localhost`, and its authority as PEM.
pub(crate) fn certificate() -> (Arc<ServerConfig>, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let chain = vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (Arc::new(config), pem)
}

#[derive(Clone)]
struct Desk {
    mails: Arc<Mutex<Vec<Mail>>>,
    refusals: Arc<AtomicU32>,
    mail: Mail,
}

impl Handler for Desk {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.mail.from = from.to_owned();
        let put_off = self
            .refusals
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if put_off.is_ok() {
            return Response::custom(451, "busy, hunter2 said so".to_owned());
        }
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.mail.to.push(to.to_owned());
        response::OK
    }

    fn data(&mut self, piece: &[u8]) -> std::io::Result<()> {
        self.mail.data.extend_from_slice(piece);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.mails.lock().unwrap().push(self.mail.clone());
        response::OK
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        self.mail.login = Some((user.to_owned(), password.to_owned()));
        response::AUTH_OK
    }
}

/// A client that goes away ends its conversation; that is not the test's business.
fn serve(stream: TcpStream, tls: &Tls, desk: Desk) {
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut builder = SessionBuilder::new("localhost");
    if !matches!(tls, Tls::None) {
        builder.enable_auth(AuthMechanism::Plain);
    }
    if matches!(tls, Tls::Start(_)) {
        builder.enable_start_tls();
    }
    let mut session = builder.build(local, desk);
    let encrypted = |config: &Arc<ServerConfig>, stream| {
        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
        StreamOwned::new(connection, stream)
    };
    match tls {
        Tls::None => {
            converse(&mut session, stream, true);
        }
        Tls::Implicit(config) => {
            session.tls_active();
            converse(&mut session, encrypted(config, stream), true);
        }
        Tls::Start(config) => {
            let plain = stream.try_clone().unwrap();
            if converse(&mut session, plain, true) {
                session.tls_active();
                converse(&mut session, encrypted(config, stream), false);
            }
        }
    }
}

/// Answers until the end; whether the client asked for TLS.
fn converse<S: Read + Write>(session: &mut Session<Desk>, stream: S, greet: bool) -> bool {
    let mut stream = BufReader::new(stream);
    let answer = |stream: &mut BufReader<S>, response: &Response| {
        let writer = stream.get_mut();
        response
            .write_to(writer)
            .and_then(|()| writer.flush())
            .is_ok()
    };
    if greet && !answer(&mut stream, &session.greeting()) {
        return false;
    }
    loop {
        let mut line = Vec::new();
        match stream.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
        let response = session.process(&line);
        let goes_on = match response.action {
            Action::NoReply => true,
            Action::Reply => answer(&mut stream, &response),
            Action::UpgradeTls => return answer(&mut stream, &response),
            Action::Close => {
                answer(&mut stream, &response);
                false
            }
        };
        if !goes_on {
            return false;
        }
    }
}
