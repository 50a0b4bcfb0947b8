//! What is wrong with a login's settings, before anything is reached.

use std::net::IpAddr;

use reqwest::Url;

use crate::net;
use crate::rest::http::{check_host, header_name};
use crate::rest::settings::{Auth, Grant, OAuth2, RestSettings, Session, SessionToken};
use crate::settings::{SecretRef, SettingsProblem};

/// What Tandem itself sends to a token server.
const OWN: [&str; 5] = [
    "grant_type",
    "client_id",
    "client_secret",
    "refresh_token",
    "scope",
];

/// All problems of a REST connection's login.
pub(in crate::rest) fn check(settings: &RestSettings) -> Vec<SettingsProblem> {
    let mut problems = Vec::new();
    let mut add = |path: &str, what: &str, fix: &str| {
        problems.push(SettingsProblem::new(format!("auth.{path}"), what, fix));
    };
    match &settings.auth {
        Auth::Oauth2(oauth2) => {
            check_token_url(&oauth2.token_url, settings.allow_private, &mut add);
            check_oauth2(oauth2, &mut add);
        }
        Auth::Session(session) => check_session(session, &mut add),
        Auth::None
        | Auth::Bearer { .. }
        | Auth::Basic { .. }
        | Auth::ApiKeyHeader { .. }
        | Auth::ApiKeyQuery { .. } => {}
    }
    problems
}

fn check_token_url(text: &str, allow_private: bool, add: &mut impl FnMut(&str, &str, &str)) {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            let what = format!("{text:?} is no address: {error}");
            add(
                "token_url",
                &what,
                "write it in full: https://login.example/oauth/token",
            );
            return;
        }
    };
    let literal = url
        .host_str()
        .map(|host| host.trim_start_matches('[').trim_end_matches(']'))
        .and_then(|host| host.parse::<IpAddr>().ok());
    match url.scheme() {
        "https" => {}
        "http" if !allow_private => add(
            "token_url",
            "credentials would be sent unencrypted",
            "begin it with https://; in a private network set allow_private = true",
        ),
        "http" => {
            if let Some(Err(error)) =
                literal.map(|address| net::check_unencrypted(url.as_str(), address))
            {
                add("token_url", &error.to_string(), "begin it with https://");
            }
        }
        _ => add(
            "token_url",
            "only http and https are spoken",
            "begin it with https://",
        ),
    }
    if !url.username().is_empty() || url.password().is_some() {
        add(
            "token_url",
            "it holds credentials",
            "name them as client_id and client_secret, the secret by reference",
        );
    }
    if url.fragment().is_some() {
        add(
            "token_url",
            "it holds a fragment",
            "leave out what follows the #",
        );
    }
    if let Err(error) = check_host("token_url", &url, allow_private) {
        add(
            "token_url",
            &error.message,
            "set allow_private = true, or name the public address",
        );
    }
}

fn check_oauth2(oauth2: &OAuth2, add: &mut impl FnMut(&str, &str, &str)) {
    if oauth2.client_id.is_empty() {
        add(
            "client_id",
            "it is empty",
            "write the name the server knows this client by",
        );
    }
    match &oauth2.grant {
        Grant::ClientCredentials if oauth2.client_secret.is_none() => add(
            "client_secret",
            "client credentials are an id and a secret, and there is no secret",
            "name it: client_secret = { secret = \"…\" }",
        ),
        Grant::RefreshToken(SecretRef::Env(name)) => add(
            "grant.refresh_token",
            &format!(
                "the server may exchange it for a new one, which the environment variable {name} \
                 cannot keep"
            ),
            "keep it with `tandem secrets set NAME` and write { refresh_token = { secret = \"NAME\" } }",
        ),
        Grant::ClientCredentials | Grant::RefreshToken(SecretRef::Secret(_)) => {}
    }
    let blank = |scope: &String| scope.is_empty() || scope.contains(char::is_whitespace);
    if let Some(scope) = oauth2.scopes.iter().find(|scope| blank(scope)) {
        add(
            "scopes",
            &format!("{scope:?} is not one scope"),
            "write each scope as a text of its own, without blanks",
        );
    }
    if let Some(name) = OWN
        .iter()
        .find(|name| oauth2.parameters.contains_key(**name))
    {
        add(
            &format!("parameters.{name}"),
            "Tandem sends it itself",
            "leave it out; grant, client_id, client_secret and scopes have settings of their own",
        );
    }
}

fn check_session(session: &Session, add: &mut impl FnMut(&str, &str, &str)) {
    if session.path.contains("://") {
        add(
            "path",
            "it is a whole address, and credentials are sent to base_url alone",
            "write it relative to base_url: /login",
        );
    }
    if session.body.is_empty() {
        add(
            "body",
            "nothing is posted",
            "name user and password: body = { user = \"…\", password = { secret = \"…\" } }",
        );
    }
    match &session.token {
        SessionToken::Body(pointer) if !pointer.starts_with('/') => add(
            "token.body",
            &format!("{pointer:?} is no JSON pointer"),
            "begin it with a slash: /token",
        ),
        SessionToken::Header(name) if header_name(name).is_err() => add(
            "token.header",
            &format!("{name:?} is no header's name"),
            "write it like X-Session",
        ),
        SessionToken::Cookie(_) if session.header.is_some() || session.prefix.is_some() => add(
            "header",
            "a cookie goes back as a cookie",
            "leave out header and prefix",
        ),
        _ => {}
    }
    if let Some(name) = &session.header
        && header_name(name).is_err()
    {
        add(
            "header",
            &format!("{name:?} is no header's name"),
            "write it like X-Session",
        );
    }
    if session.lifetime_s == Some(0) {
        add(
            "lifetime_s",
            "0 is out of range",
            "choose at least 1, or leave it out",
        );
    }
}
