//! Who calls, and what they may do: the key of a request, its limit, and the scope that a route needs, said by the type it takes.

use crate::{door::Door, limits::Taken, problem::Problem};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use palitra_domain::{AccountId, ErrorCode, KeyId, Livemode, Scope, Scopes};
use palitra_engine::{Caller, failure::Failure, views::Owner};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

/// The account that the operator acts for; only the operator may name one.
pub(crate) const ACCOUNT: HeaderName = HeaderName::from_static("palitra-account");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Lets whoever has a good key pass, before anything of the request is looked at. `Bearer`, and `Key` and `Token` as other services'
/// clients say it.
pub(crate) async fn authenticate(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let now = door.engine.clock.now();
    let address = address(&door, &request);
    let caller = match key(request.headers()) {
        Some(key) => door.engine.caller(key).await.map_err(Failure::from),
        None => Err(Failure::new(ErrorCode::Unauthorized)),
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(failure) => {
            // A good key passes whatever else comes from its address: many may share one, behind a proxy.
            let tried = match failure.code() {
                ErrorCode::Unauthorized => door.limits.of_stranger(address, now),
                _ => Taken::Free,
            };
            let is_refused = matches!(tried, Taken::Refused { .. });
            return Problem(if is_refused { refused(tried) } else { failure }).into_response();
        }
    };
    let of_key = |key| door.limits.of_caller(key, &caller.account, now);
    let taken = caller.key.as_ref().map_or(Taken::Free, of_key);
    let caller = match acting(&door, caller, request.headers()).await {
        Ok(caller) => caller,
        Err(failure) => return Problem(failure).into_response(),
    };
    let mut response = match taken {
        Taken::Refused { .. } => Problem(refused(taken)).into_response(),
        Taken::Free | Taken::Passed { .. } => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    };
    say(taken, response.headers_mut());
    response
}

/// Who has a key is known by it; who has none may have a link.
pub(crate) async fn recognise(state: State<Door>, request: Request, next: Next) -> Response {
    if request.headers().contains_key(AUTHORIZATION) {
        authenticate(state, request, next).await
    } else {
        next.run(request).await
    }
}

/// What is open to everybody is so as often as an address may come without a key.
pub(crate) async fn bound_strangers(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let address = address(&door, &request);
    let taken = door.limits.of_stranger(address, door.engine.clock.now());
    if matches!(taken, Taken::Refused { .. }) {
        return Problem(refused(taken)).into_response();
    }
    request.extensions_mut().insert(Stranger(address));
    next.run(request).await
}

/// What needs no key but a permission is shut to whoever comes with wrong ones as often as an address may come without a key.
pub(crate) async fn bound_guesses(State(door): State<Door>, request: Request, next: Next) -> Response {
    let address = address(&door, &request);
    let response = next.run(request).await;
    let is_wrong = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND);
    let taken =
        if is_wrong { door.limits.of_stranger(address, door.engine.clock.now()) } else { Taken::Free };
    if matches!(taken, Taken::Refused { .. }) { Problem(refused(taken)).into_response() } else { response }
}

/// What is done in the name of a key counts as if it had come with it.
pub(crate) fn within_limits(door: &Door, key: &KeyId, account: &AccountId) -> Result<(), Failure> {
    let taken = door.limits.of_caller(key, account, door.engine.clock.now());
    if matches!(taken, Taken::Refused { .. }) { Err(refused(taken)) } else { Ok(()) }
}

/// Whoever comes without a key, by his address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stranger(pub(crate) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Stranger {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Stranger, Problem> {
        let stranger = parts.extensions.get::<Stranger>().copied();
        Ok(stranger.ok_or_else(|| Failure::new(ErrorCode::Unauthorized))?)
    }
}

/// Everything comes with the operator's rights: on the control socket whoever may open the file is the operator.
pub(crate) async fn operate(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let operator = door.engine.operator();
    match acting(&door, operator, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(failure) => Problem(failure).into_response(),
    }
}

/// The operator may act for any account by name.
async fn acting(door: &Door, caller: Caller, headers: &HeaderMap) -> Result<Caller, Failure> {
    let Some(name) = headers.get(ACCOUNT) else { return Ok(caller) };
    caller.need(Scope::Operator)?;
    let name = std::str::from_utf8(name.as_bytes())
        .map_err(|_| Failure::new(ErrorCode::Malformed).with("why", "`Palitra-Account`"))?;
    let account = door.engine.account(name).await?;
    // He sees what the account sees, and nobody else's.
    Ok(Caller { account: account.id, scopes: Scopes::USUAL, ..caller })
}

fn refused(taken: Taken) -> Failure {
    let (limit, again_in) = match taken {
        Taken::Refused { limit, again_in, .. } => (limit, again_in),
        Taken::Free | Taken::Passed { .. } => (0, Duration::ZERO),
    };
    let seconds = i64::try_from(again_in.as_secs() + 1).unwrap_or(i64::MAX);
    let failure = Failure::new(ErrorCode::RateLimited).with("limit", limit).with("seconds", seconds);
    failure.retry_after(again_in.max(Duration::from_secs(1)))
}

/// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
fn say(taken: Taken, headers: &mut HeaderMap) {
    let (of, limit, left, full_in) = match taken {
        Taken::Free => return,
        Taken::Passed { of, limit, left, full_in } => (of, limit, left, full_in),
        Taken::Refused { of, limit, again_in } => (of, limit, 0, again_in),
    };
    let seconds = full_in.as_secs() + u64::from(full_in.subsec_nanos() > 0);
    for (name, value) in [
        ("ratelimit-policy", format!("\"{of}\";q={limit};w=60")),
        ("ratelimit", format!("\"{of}\";r={left};t={seconds}")),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}

/// What stands behind the scheme of `Authorization`.
fn key(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let is_known = ["bearer", "key", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_known.then(|| key.trim())
}

/// Whoever is at the other end of the connection; a socket of this machine is nobody's in particular. Where that is a proxy that the
/// operator trusts, the last address of `X-Forwarded-For` that is none: what stands before it is whatever the stranger says.
fn address(door: &Door, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip());
    let is_proxy = |address| door.settings.trusted_proxies.iter().any(|network| network.has(address));
    let said: Vec<&str> =
        request.headers().get_all(FORWARDED_FOR).iter().filter_map(|said| said.to_str().ok()).collect();
    let mut before = said.iter().rev().flat_map(|said| said.rsplit(',')).map(|said| said.trim().parse().ok());
    let mut address = peer;
    while is_proxy(address)
        && let Some(Some(next)) = before.next()
    {
        address = next;
    }
    address
}

/// What the caller sees: its own things, or, as the operator without a test key, everybody's.
pub(crate) fn sees(caller: &Caller) -> Option<Owner> {
    let sees_all = caller.scopes.has(Scope::Operator) && !caller.has_test_key();
    (!sees_all).then(|| Owner { account: caller.account.clone(), livemode: caller.livemode })
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $scope:expr, $reaches:expr;)+) => { $(
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) Caller);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<$name, Problem> {
                let caller = parts.extensions.get::<Caller>().cloned();
                let caller = caller.ok_or_else(|| Failure::new(ErrorCode::Unauthorized))?;
                caller.need($scope)?;
                let reaches: Option<Livemode> = $reaches;
                reaches.map_or(Ok(()), |livemode| caller.reach(livemode))?;
                Ok($name(caller))
            }
        }
    )+ };
}

needs! {
    /// May look at what the account has.
    Reader = Scope::Read, None;
    /// May make and stop things.
    Maker = Scope::Generate, None;
    /// May change the account.
    Holder = Scope::Account, None;
    /// May look at what only the operator may, and change what belongs to the money of its key.
    Operator = Scope::Operator, None;
    /// May change what is live, or is there for both: the operator without a test key.
    LiveOperator = Scope::Operator, Some(Livemode::Live);
}
