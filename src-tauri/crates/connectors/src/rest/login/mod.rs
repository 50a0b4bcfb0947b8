//! Tokens that have to be had first and do not last: one in memory for all calls of a connector, had
//! in a single flight, renewed a little before it runs out and once after the system refused it.

mod check;
mod oauth2;
mod session;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use tandem_engine::ports::connector::{ConnectorError, ErrorClass};
use tandem_engine::ports::{Clock, Secrets};

pub(super) use self::check::check;
use self::oauth2::OAuth2;
use self::session::Session;
use super::settings::{Auth, RestSettings};
use super::transport::Transport;

/// The longest before its end that a token is renewed.
const EARLY: TimeDelta = TimeDelta::seconds(60);
/// The largest answer of a login, bytes.
const ANSWER_CAP: usize = 1 << 20;

/// A token as it is sent.
#[derive(Debug)]
pub(super) struct Token {
    /// The header it is sent in.
    pub(super) name: HeaderName,
    /// Marked as sensitive, so that it does not print.
    pub(super) value: HeaderValue,
    /// From then on another one is had first; `None`: once the system refuses it.
    renew_at: Option<DateTime<Utc>>,
}

impl Token {
    /// One that lasts for some seconds from `asked`, the moment before it was asked for: up to a
    /// tenth of its time, or [`EARLY`], is left unused. No time, or one that is none: until refused.
    fn new(
        name: HeaderName,
        value: HeaderValue,
        asked: DateTime<Utc>,
        seconds: Option<i64>,
    ) -> Self {
        let renew_at = seconds
            .filter(|seconds| *seconds > 0)
            .and_then(TimeDelta::try_seconds)
            .and_then(|lifetime| asked.checked_add_signed(lifetime - EARLY.min(lifetime / 10)));
        Self {
            name,
            value,
            renew_at,
        }
    }
}

type Outcome = Result<Arc<Token>, ConnectorError>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

/// A connector's login.
pub(super) struct Login {
    how: Arc<How>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

enum How {
    OAuth2(OAuth2),
    Session(Session),
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// Whether the system refused the token at hand.
    refused: bool,
    /// Why there is no token, where the last login failed.
    failure: Option<ConnectorError>,
    /// The login under way.
    flight: Option<Flight>,
}

impl Login {
    /// `None` where the settings ask for no such thing. Reaches nothing yet.
    pub(super) fn new(
        settings: &RestSettings,
        base: &Url,
        transport: &Transport,
        secrets: Arc<dyn Secrets>,
    ) -> Result<Option<Self>, ConnectorError> {
        let how = match &settings.auth {
            Auth::Oauth2(oauth2) => {
                How::OAuth2(OAuth2::new(oauth2, settings, base, transport, secrets)?)
            }
            Auth::Session(session) => {
                How::Session(Session::new(session, base, transport, secrets)?)
            }
            Auth::None
            | Auth::Bearer { .. }
            | Auth::Basic { .. }
            | Auth::ApiKeyHeader { .. }
            | Auth::ApiKeyQuery { .. } => return Ok(None),
        };
        Ok(Some(Self {
            how: Arc::new(how),
            clock: Arc::clone(&transport.clock),
            state: Arc::default(),
        }))
    }

    /// The token to send a call with.
    ///
    /// # Errors
    /// Where none is to be had. A login that failed for good is not tried again by this connector: an
    /// account may be locked after a few of them.
    pub(super) async fn token(&self) -> Outcome {
        let flight = {
            let mut state = self.state();
            match (&state.token, &state.failure) {
                (Some(token), _) if !self.is_due(token) => return Ok(Arc::clone(token)),
                (None, Some(failure)) if !failure.is_retryable() => return Err(failure.clone()),
                _ => self.fly(&mut state),
            }
        };
        flight.await
    }

    /// The system refused a call with this token (401).
    ///
    /// # Errors
    /// Why there will be no other, where that is known by now: it tells more than the refusal.
    pub(super) fn refused(&self, token: &Arc<Token>) -> Result<(), ConnectorError> {
        let mut state = self.state();
        match (&state.token, &state.failure) {
            (Some(current), _) => state.refused |= Arc::ptr_eq(current, token),
            (None, Some(failure)) if state.flight.is_none() => return Err(failure.clone()),
            (None, _) => {}
        }
        Ok(())
    }

    /// Another token in place of a refused one. Where somebody else had one meanwhile, that is it.
    /// `false` where no token was refused: the login itself was.
    pub(super) async fn renew(&self) -> Result<bool, ConnectorError> {
        let flight = {
            let mut state = self.state();
            match (&state.token, &state.flight) {
                (Some(_), _) if !state.refused => return Ok(true),
                (None, None) => return Ok(false),
                _ => {
                    state.token = None;
                    self.fly(&mut state)
                }
            }
        };
        flight.await.map(|_| true)
    }

    /// The login under way, or a new one. It is a task of its own: whoever waits for it may give up,
    /// but what a system gave in exchange for something spent must not get lost.
    fn fly(&self, state: &mut State) -> Flight {
        if let Some(flight) = &state.flight
            && flight.peek().is_none()
        {
            return flight.clone();
        }
        let (how, shared) = (Arc::clone(&self.how), Arc::clone(&self.state));
        let task = tokio::spawn(async move {
            let outcome = how.obtain().await.map(Arc::new);
            let mut state = lock(&shared);
            state.refused = false;
            state.token = outcome.as_ref().ok().cloned();
            state.failure = outcome.as_ref().err().cloned();
            state.flight = None;
            outcome
        });
        let flight = async move {
            task.await.unwrap_or_else(|error| {
                let what = format!("the login broke off: {error}");
                Err(ConnectorError::new(ErrorClass::Protocol, what))
            })
        };
        let flight = flight.boxed().shared();
        state.flight = Some(flight.clone());
        flight
    }

    fn is_due(&self, token: &Token) -> bool {
        token.renew_at.is_some_and(|at| self.clock.now() >= at)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl How {
    async fn obtain(&self) -> Result<Token, ConnectorError> {
        match self {
            Self::OAuth2(oauth2) => oauth2.obtain().await,
            Self::Session(session) => session.obtain().await,
        }
    }
}
