//! Callbacks in fal's own form: the body of its webhooks, signed with Ed25519, and the key that verifies them as JWKS.

use super::output;
use crate::{door::Door, signed};
use axum::extract::State;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use palitra_domain::{BoxFuture, ErrorCode, Timestamp, i18n::Lang, state::GenerationState};
use palitra_engine::{
    Engine, Error,
    webhooks::{Event, Subject, Writer},
};
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Writes and signs them.
pub struct Letters(pub Door);

/// The key of this installation, made of its secret.
fn key(secret: &[u8; 32]) -> Result<Ed25519KeyPair, Error> {
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"fal webhooks");
    Ed25519KeyPair::from_seed_unchecked(seed.as_ref())
        .map_err(|_| Error::new(ErrorCode::Internal).with("why", "the key for webhooks cannot be made"))
}

/// `GET /.well-known/jwks.json`.
pub(super) async fn keys(State(door): State<Door>) -> axum::Json<Value> {
    let keys = key(&door.engine.secret).map(|key| {
        let x = BASE64_URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "palitra", "x": x })
    });
    axum::Json(json!({ "keys": keys.into_iter().collect::<Vec<_>>() }))
}

impl Writer for Letters {
    fn body<'a>(&'a self, _: &'a Engine, event: &'a Event) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async move {
            let Subject::Generation(id) = &event.subject else { return Ok(None) };
            let view = match self.0.engine.generation_view(None, id).await {
                Err(error) if error.code == ErrorCode::NotFound => return Ok(None),
                view => view?,
            };
            let mut body = json!({ "request_id": id, "gateway_request_id": id });
            if view.generation.state == GenerationState::Succeeded {
                body["status"] = json!("OK");
                let until = signed::until(self.0.engine.clock.now(), signed::LETTER_LINK_LIFE);
                body["payload"] = output::output(&self.0, &view, until);
            } else {
                let (status, _, said) = output::failed(&view.generation, Lang::En);
                body["status"] = json!("ERROR");
                body["error"] = json!(format!("Invalid status code: {}", status.as_u16()));
                body["payload"] = said;
            }
            Ok(Some(body.to_string()))
        })
    }

    fn headers<'a>(
        &'a self,
        engine: &'a Engine,
        event: &'a Event,
        body: &'a str,
        sent_at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<(String, String)>, Error>> {
        Box::pin(async move {
            let request = match &event.subject {
                Subject::Generation(id) => id.as_str(),
                Subject::Batch(id) => id.as_str(),
            };
            let (user, seconds) = (event.account.as_str(), sent_at.micros() / 1_000_000);
            let message = format!("{request}\n{user}\n{seconds}\n{}", hex(&Sha256::digest(body)));
            let signature = key(&engine.secret)?.sign(message.as_bytes());
            let headers = [
                ("x-fal-webhook-request-id", request.to_owned()),
                ("x-fal-webhook-user-id", user.to_owned()),
                ("x-fal-webhook-timestamp", seconds.to_string()),
                ("x-fal-webhook-signature", hex(signature.as_ref())),
            ];
            Ok(headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
