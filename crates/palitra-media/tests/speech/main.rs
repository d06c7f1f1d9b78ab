//! What speech promises (S1-35), with espeak-ng itself and with a stub of RHVoice's library. espeak-ng has to be there:
//! `cargo xtask test --install` brings it.

mod espeak;
mod files;
mod piper;
mod rhvoice;

use palitra_media::speech::{Engine, PiperVoices, Request, Speakers, Voice};

/// This machine's espeak-ng; no RHVoice, no voice of Piper.
fn speakers() -> Speakers {
    Speakers {
        espeak_ng: "espeak-ng".into(),
        rhvoice: None,
        unfree_voices: false,
        piper: PiperVoices::new("/nonexistent".into()),
    }
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
