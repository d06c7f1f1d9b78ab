//! The folder of voices: what lies there, within bounds, and the voices that stay loaded.

use super::{
    super::{Error, Language},
    description::{Description, PhonemeType},
    net::Net,
};
use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

/// Bytes of a voice at most; those of quality `high` have 114 million.
const ONNX_BYTES_MAX: u64 = 256 << 20;
/// Bytes of a description at most; one of 900 speakers has 20,000.
const JSON_BYTES_MAX: u64 = 1 << 20;
/// Voices of a folder that are looked at.
const VOICES_MAX: usize = 1_000;
/// Voices that stay loaded: loading one takes longer than saying a word.
const LOADED_MAX: usize = 2;

/// The voices of one folder, and the ones that were used last. Clones share both.
#[derive(Debug, Clone)]
pub struct PiperVoices {
    folder: PathBuf,
    loaded: Arc<Mutex<Vec<Arc<Loaded>>>>,
}

#[derive(Debug)]
pub(super) struct Loaded {
    stamp: Stamp,
    pub(super) description: Description,
    pub(super) net: Net,
}

/// Which files were loaded: a voice that is replaced is loaded again.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    onnx: PathBuf,
    size: u64,
    changed: [Option<SystemTime>; 2],
}

/// A voice as it lies in the folder.
#[derive(Debug)]
pub(in crate::speech) struct OnDisk {
    pub(in crate::speech) name: String,
    pub(in crate::speech) about: Result<About, Error>,
}

/// Of a voice that can be used, as far as its description tells.
#[derive(Debug)]
pub(in crate::speech) struct About {
    /// None for a language that no text is found to be in.
    pub(in crate::speech) language: Option<Language>,
    pub(in crate::speech) needs_espeak: bool,
}

impl PiperVoices {
    /// The folder need not be there. Nothing is read before a voice is asked for.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, loaded: Arc::default() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every voice by name; only descriptions are read.
    pub(in crate::speech) fn all(&self) -> Vec<OnDisk> {
        let voice = |name: String| {
            let files = Files::of(&self.folder, &name);
            let about = files.describe().map(|description| About {
                language: description.language(),
                needs_espeak: description.phoneme_type == PhonemeType::Espeak,
            });
            OnDisk { name, about }
        };
        self.names().into_iter().map(voice).collect()
    }

    /// Whether there is a voice of this name, in any case of letters; a speaker's may follow after a colon.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The most memory that speaking with the voice takes, in MiB. Without a name with any voice, and nothing where there is
    /// none.
    pub fn mib(&self, name: &str, speed: u16) -> u32 {
        let names = match self.find(name) {
            Some((name, _)) => vec![name],
            None if name.is_empty() => self.names(),
            None => Vec::new(),
        };
        let size =
            |name: String| fs::metadata(Files::of(&self.folder, &name).onnx).map_or(0, |file| file.len());
        let net = names.into_iter().map(size).max().unwrap_or(0) >> 20;
        // Loading takes the net twice. What is between its layers grows with the net and the seconds of sound: a voice of 60
        // MiB takes 35 MiB a second, and the most that is said at once lasts 7.
        let mib = 2 * net + 4 * net * 100 / u64::from(speed.max(1));
        u32::try_from(mib).unwrap_or(u32::MAX)
    }

    /// The name as the file has it, and the speaker.
    pub(super) fn find<'a>(&self, name: &'a str) -> Option<(String, Option<&'a str>)> {
        let (name, speaker) =
            name.split_once(':').map_or((name, None), |(name, speaker)| (name, Some(speaker)));
        let found = self.names().into_iter().find(|known| known.eq_ignore_ascii_case(name))?;
        Some((found, speaker))
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten().take(4 * VOICES_MAX);
        let name = |file: fs::DirEntry| Some(file.file_name().to_str()?.strip_suffix(".onnx")?.to_owned());
        let mut names: Vec<String> = files.filter_map(name).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        names.truncate(VOICES_MAX);
        names
    }

    pub(super) fn load(&self, name: &str) -> Result<Arc<Loaded>, Error> {
        let files = Files::of(&self.folder, name);
        let stamp = files.stamp()?;
        // Held while it loads: two that want the same voice load it once.
        let mut all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|loaded| loaded.stamp == stamp) {
            let loaded = all.remove(at);
            all.push(loaded.clone());
            return Ok(loaded);
        }
        all.retain(|loaded| loaded.stamp.onnx != stamp.onnx);
        let description = files.describe()?;
        let net = Net::load(files.read(&files.onnx, ONNX_BYTES_MAX)?).map_err(|why| files.bad(why))?;
        let loaded = Arc::new(Loaded { stamp, description, net });
        if all.len() >= LOADED_MAX {
            all.remove(0);
        }
        all.push(loaded.clone());
        Ok(loaded)
    }
}

/// The two files of a voice.
struct Files {
    name: String,
    onnx: PathBuf,
    json: PathBuf,
}

impl Files {
    fn of(folder: &Path, name: &str) -> Self {
        let file = |ending: &str| folder.join(format!("{name}{ending}"));
        Self { name: name.to_owned(), onnx: file(".onnx"), json: file(".onnx.json") }
    }

    fn describe(&self) -> Result<Description, Error> {
        let json = self.read(&self.json, JSON_BYTES_MAX)?;
        Description::read(&json).map_err(|why| self.bad(format!("{}: {why}", file_name(&self.json))))
    }

    fn stamp(&self) -> Result<Stamp, Error> {
        let about = |path: &Path| fs::metadata(path).map_err(|error| self.unread(path, &error));
        let (onnx, json) = (about(&self.onnx)?, about(&self.json)?);
        let changed = [onnx.modified().ok(), json.modified().ok()];
        Ok(Stamp { onnx: self.onnx.clone(), size: onnx.len(), changed })
    }

    fn read(&self, path: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| self.unread(path, &error))?;
        file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| self.unread(path, &error))?;
        if bytes.len() as u64 > bytes_max {
            return Err(self.bad(format!("{} is larger than {} MiB", file_name(path), bytes_max >> 20)));
        }
        Ok(bytes)
    }

    fn unread(&self, path: &Path, error: &std::io::Error) -> Error {
        self.bad(format!("{}: {error}", file_name(path)))
    }

    fn bad(&self, why: String) -> Error {
        Error::BadVoice { name: self.name.clone(), why }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
