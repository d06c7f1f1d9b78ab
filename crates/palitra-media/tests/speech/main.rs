//! What speech promises (S1-35), with espeak-ng itself and with a stub of RHVoice's library. espeak-ng has to be there:
//! `cargo xtask test --install` brings it.

mod espeak;
mod files;
mod rhvoice;

use palitra_media::speech::{Engine, Request, Speakers, Voice};

/// This machine's espeak-ng; no RHVoice.
fn speakers() -> Speakers {
    Speakers { espeak_ng: "espeak-ng".into(), rhvoice: None, unfree_voices: false }
}

fn request(text: &str) -> Request {
    Request {
        text: text.into(),
        voice: Voice { engine: Engine::EspeakNg, name: None },
        language: None,
        speed: 100,
        pitch: 100,
    }
}
