//! RHVoice by its library, loaded where the operator installed it (LGPL; Debian keeps it in non-free). The calls are
//! those of `RHVoice.h` 1.x; this is the one file that may be unsafe.

#![expect(unsafe_code, reason = "a C library that is loaded at run time")]

use super::{Error, Language, Request, SECONDS_MAX, Speakers, Spoken, text};
use libloading::{Library, Symbol};
use std::{
    ffi::{CString, c_char, c_int, c_uint, c_void},
    path::PathBuf,
    ptr::null,
};

/// Voices whose licence allows every use, by Debian's copyright file of the package; the newer ones are CC BY-NC-ND.
pub(super) const FREE: &[(&str, Language, &str)] = &[
    ("anna", Language::Russian, "LGPL-2.1-or-later"),
    ("aleksandr", Language::Russian, "LGPL-2.1-or-later"),
    ("irina", Language::Russian, "LGPL-2.1-or-later"),
    ("elena", Language::Russian, "GPL-3.0-or-later"),
    ("bdl", Language::English, "LGPL-2.1-or-later"),
    ("clb", Language::English, "LGPL-2.1-or-later"),
    ("slt", Language::English, "LGPL-2.1-or-later"),
];

pub(super) fn is_free(name: &str) -> bool {
    FREE.iter().any(|(free, ..)| *free == name)
}

/// Who speaks when no name is given.
const USUAL: &str = "anna";

/// Where RHVoice is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// `libRHVoice.so.5`, or its path.
    pub library: PathBuf,
    /// Languages and voices: `/usr/share/RHVoice`.
    pub data: PathBuf,
    /// Settings: `/etc/RHVoice`.
    pub settings: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            library: "libRHVoice.so.5".into(),
            data: "/usr/share/RHVoice".into(),
            settings: "/etc/RHVoice".into(),
        }
    }
}

pub(super) fn speak(
    request: &Request,
    text: &str,
    speakers: &Speakers,
    cancelled: &dyn Fn() -> bool,
) -> Result<Spoken, Error> {
    let name = request.voice.name.as_deref().unwrap_or(USUAL).to_lowercase();
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Error::UnknownVoice { name });
    }
    if !speakers.unfree_voices && !is_free(&name) {
        let voices = speakers.rhvoice.as_ref().map(|paths| paths.data.join("voices"));
        let is_there = voices.is_some_and(|voices| voices.join(&name).is_dir());
        return Err(if is_there { Error::UnfreeVoice { name } } else { Error::UnknownVoice { name } });
    }
    let missing = || Error::Missing { what: "RHVoice".into(), package: "rhvoice".into() };
    let engine = RhVoice::load(speakers.rhvoice.as_ref().ok_or_else(missing)?)?;
    let mut sound = Sound { rate: 0, samples: Vec::new(), cancelled };
    for part in text::parts(text) {
        if cancelled() {
            return Err(Error::Cancelled);
        }
        engine.say(&part, &name, request.speed, request.pitch, &mut sound)?;
    }
    Ok(Spoken { samples: sound.samples, rate: sound.rate })
}

/// A loaded engine; loading takes some milliseconds per installed voice.
pub struct RhVoice {
    library: Library,
    engine: *mut c_void,
}

impl RhVoice {
    pub fn load(paths: &Paths) -> Result<Self, Error> {
        let missing = |error: libloading::Error| Error::Missing {
            what: format!("RHVoice ({error})"),
            package: "rhvoice".into(),
        };
        let path = |path: &PathBuf| {
            CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| failed("a path holds a zero byte"))
        };
        let (data, settings) = (path(&paths.data)?, path(&paths.settings)?);
        // Safety: loading runs the library's constructors; the operator installed it for this.
        let library = unsafe { Library::new(&paths.library) }.map_err(missing)?;
        let parameters = InitParams {
            data_path: data.as_ptr(),
            config_path: settings.as_ptr(),
            resource_paths: null(),
            callbacks: Callbacks { set_sample_rate, play_speech, unused: [null(); 7] },
            options: 0,
        };
        // Safety: the signature of `RHVoice.h`; the parameters live past the call, which copies them.
        let engine = unsafe {
            let new: Symbol<unsafe extern "C" fn(*const InitParams) -> *mut c_void> =
                library.get(b"RHVoice_new_tts_engine").map_err(missing)?;
            new(&raw const parameters)
        };
        if engine.is_null() {
            return Err(failed("no voice could be loaded"));
        }
        Ok(Self { library, engine })
    }

    fn say(&self, text: &str, voice: &str, speed: u16, pitch: u16, sound: &mut Sound) -> Result<(), Error> {
        type NewMessage = unsafe extern "C" fn(
            *mut c_void,
            *const c_char,
            c_uint,
            c_int,
            *const SynthParams,
            *mut c_void,
        ) -> *mut c_void;
        let broken = |error: libloading::Error| failed(&error.to_string());
        let profile = CString::new(voice).map_err(|_| Error::UnknownVoice { name: voice.to_owned() })?;
        let length = c_uint::try_from(text.len()).map_err(|_| failed("the text is too long"))?;
        let parameters = SynthParams::new(&profile, speed, pitch);
        let before = sound.samples.len();
        // Safety: the signatures of `RHVoice.h`; text, parameters and sound outlive the message, which is deleted
        // here; the callbacks run within `speak` on this thread, and nothing else touches `sound` meanwhile.
        let has_spoken = unsafe {
            let new: Symbol<NewMessage> = self.library.get(b"RHVoice_new_message").map_err(broken)?;
            let speak: Symbol<unsafe extern "C" fn(*mut c_void) -> c_int> =
                self.library.get(b"RHVoice_speak").map_err(broken)?;
            let delete: Symbol<unsafe extern "C" fn(*mut c_void)> =
                self.library.get(b"RHVoice_delete_message").map_err(broken)?;
            let user: *mut Sound = sound;
            let message =
                new(self.engine, text.as_ptr().cast(), length, 0, &raw const parameters, user.cast());
            if message.is_null() {
                return Err(Error::UnknownVoice { name: voice.to_owned() });
            }
            let has_spoken = speak(message) != 0;
            delete(message);
            has_spoken
        };
        if (sound.cancelled)() {
            return Err(Error::Cancelled);
        }
        if sound.samples.len() > sound.samples_max() {
            return Err(Error::TooMuchSound);
        }
        if !has_spoken && sound.samples.len() == before {
            return Err(failed("it said nothing"));
        }
        Ok(())
    }
}

impl Drop for RhVoice {
    fn drop(&mut self) {
        // Safety: the signature of `RHVoice.h`; the engine is ours, has no message left and is not used again.
        unsafe {
            if let Ok(delete) =
                self.library.get::<unsafe extern "C" fn(*mut c_void)>(b"RHVoice_delete_tts_engine")
            {
                delete(self.engine);
            }
        }
    }
}

fn failed(why: &str) -> Error {
    Error::Failed { program: "RHVoice".into(), why: why.to_owned() }
}

/// What the callbacks fill.
struct Sound<'a> {
    rate: u32,
    samples: Vec<i16>,
    cancelled: &'a dyn Fn() -> bool,
}

impl Sound<'_> {
    fn samples_max(&self) -> usize {
        self.rate as usize * SECONDS_MAX as usize
    }
}

/// Zero stops the speech.
unsafe extern "C" fn set_sample_rate(rate: c_int, user: *mut c_void) -> c_int {
    // Safety: `user` is the `Sound` of the running `say`.
    let sound = unsafe { &mut *user.cast::<Sound>() };
    let Ok(rate @ 8_000..=96_000) = u32::try_from(rate) else { return 0 };
    if sound.samples.is_empty() {
        sound.rate = rate;
    }
    c_int::from(sound.rate == rate)
}

unsafe extern "C" fn play_speech(samples: *const i16, count: c_uint, user: *mut c_void) -> c_int {
    // Safety: as above; `samples` are `count` samples for the time of this call.
    let sound = unsafe { &mut *user.cast::<Sound>() };
    if count > 0 && !samples.is_null() {
        // Safety: as above.
        sound.samples.extend_from_slice(unsafe { std::slice::from_raw_parts(samples, count as usize) });
    }
    c_int::from(sound.samples.len() <= sound.samples_max() && !(sound.cancelled)())
}

#[repr(C)]
struct Callbacks {
    set_sample_rate: unsafe extern "C" fn(c_int, *mut c_void) -> c_int,
    play_speech: unsafe extern "C" fn(*const i16, c_uint, *mut c_void) -> c_int,
    /// Marks, words, sentences, recordings, the end.
    unused: [*const c_void; 7],
}

#[repr(C)]
struct InitParams {
    data_path: *const c_char,
    config_path: *const c_char,
    resource_paths: *const *const c_char,
    callbacks: Callbacks,
    options: c_uint,
}

/// Absolute values add to the voice's own, from −1 to 1; relative ones multiply it.
#[repr(C)]
struct SynthParams {
    voice_profile: *const c_char,
    absolute_rate: f64,
    absolute_pitch: f64,
    absolute_volume: f64,
    relative_rate: f64,
    relative_pitch: f64,
    relative_volume: f64,
    punctuation_mode: c_int,
    punctuation_list: *const c_char,
    capitals_mode: c_int,
    flags: c_int,
}

impl SynthParams {
    fn new(profile: &CString, speed: u16, pitch: u16) -> Self {
        Self {
            voice_profile: profile.as_ptr(),
            absolute_rate: 0.0,
            absolute_pitch: 0.0,
            absolute_volume: 0.0,
            relative_rate: f64::from(speed) / 100.0,
            relative_pitch: f64::from(pitch) / 100.0,
            relative_volume: 1.0,
            punctuation_mode: 0,
            punctuation_list: null(),
            capitals_mode: 0,
            flags: 0,
        }
    }
}
