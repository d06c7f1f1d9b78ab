//! Letters to addresses that users gave: webhooks out. Public addresses only unless the operator allows others, no redirects, no
//! credentials, a bounded look at the answer.

use crate::http::{
    GuardedClients, SettingError, is_public_host, leads_home, leads_to_public, retry_after, why,
};
use palitra_domain::{
    BoxFuture,
    webhook::{ANSWER_BYTES_MAX, Letter, Post, Refused, Reply, URL_CHARS_MAX},
};
use reqwest::{Client, Response, Url, header::CONTENT_TYPE};
use std::time::Duration;

/// How long the beginning of an answer's body is waited for: its status has said everything that matters.
const BODY_TIME: Duration = Duration::from_secs(2);

/// Sends letters.
pub struct Poster {
    clients: GuardedClients,
    /// Any address: the operator allows private ones.
    allow_private: bool,
}

impl Poster {
    pub fn new(allow_private: bool) -> Result<Poster, SettingError> {
        Ok(Poster { clients: GuardedClients::new()?, allow_private })
    }

    /// The address, and who may connect to it.
    fn client_for(&self, url: &str) -> Result<(Url, &Client), Refused> {
        if url.chars().count() > URL_CHARS_MAX {
            return Err(Refused::Long);
        }
        let url = Url::parse(url).map_err(|_| Refused::Form)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        if self.allow_private {
            return Ok((url, &self.clients.any));
        }
        match is_public_host(&url) {
            true => Ok((url, &self.clients.public)),
            false => Err(Refused::Private),
        }
    }
}

impl Post for Poster {
    fn check<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async {
            let (url, _) = self.client_for(url)?;
            if self.allow_private || leads_to_public(&url).await { Ok(()) } else { Err(Refused::Private) }
        })
    }

    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<Reply, String>> {
        Box::pin(async {
            let (url, client) = self
                .client_for(&letter.url)
                .map_err(|refused| format!("the address may not be called: {}", refused.as_str()))?;
            let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
            for (name, value) in &letter.headers {
                request = request.header(name, value);
            }
            let sent = request.body(letter.body.clone()).send().await;
            let response = sent.map_err(|error| {
                leads_home(&error).map_or_else(|| format!("no answer: {}", why(&error)), |home| home.message)
            })?;
            let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
            Ok(Reply { status, body: beginning(response).await, retry_after })
        })
    }
}

/// What of the body comes soon, up to the bound, as text that any database stores.
async fn beginning(mut response: Response) -> String {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < ANSWER_BYTES_MAX {
            let Ok(Some(piece)) = response.chunk().await else { return };
            body.extend_from_slice(&piece[..piece.len().min(ANSWER_BYTES_MAX - body.len())]);
        }
    };
    // What has come by then is enough.
    tokio::time::timeout(BODY_TIME, reading).await.ok();
    let mut text = String::from_utf8_lossy(&body).replace('\0', "\u{fffd}");
    while text.len() > ANSWER_BYTES_MAX {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn private_addresses_credentials_and_other_schemes_are_refused() {
        let poster = Poster::new(false).unwrap();
        let long = format!("https://example.com/{}", "x".repeat(URL_CHARS_MAX));
        for (url, refused) in [
            ("http://127.0.0.1:9/", Refused::Private),
            ("https://[::1]/", Refused::Private),
            ("https://[::ffff:10.0.0.1]/", Refused::Private),
            ("http://169.254.169.254/latest/meta-data", Refused::Private),
            ("http://2130706433/", Refused::Private),
            ("http://0x7f.1/", Refused::Private),
            ("https://localhost/hooks", Refused::Private),
            ("https://me:secret@example.com/", Refused::Credentials),
            ("https://me@example.com/", Refused::Credentials),
            ("ftp://example.com/", Refused::Scheme),
            ("file:///etc/passwd", Refused::Scheme),
            ("/hooks", Refused::Form),
            ("", Refused::Form),
            (long.as_str(), Refused::Long),
        ] {
            assert_eq!(poster.check(url).await, Err(refused), "{url}");
            let letter = Letter { url: url.to_owned(), headers: Vec::new(), body: "{}".to_owned() };
            poster.send(&letter).await.expect_err(url);
        }
        assert_eq!(poster.check("http://1.1.1.1/hooks").await, Ok(()));
        let open = Poster::new(true).unwrap();
        assert_eq!(open.check("http://127.0.0.1:9/").await, Ok(()));
        assert_eq!(open.check("https://me:secret@127.0.0.1/").await, Err(Refused::Credentials));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_when_it_is_sent_is_refused_then() {
        let poster = Poster::new(false).unwrap();
        let letter =
            Letter { url: "http://localhost:9/hooks".to_owned(), headers: Vec::new(), body: "{}".to_owned() };
        assert_eq!(poster.send(&letter).await, Err("`localhost` is not a public address".to_owned()));
    }
}
