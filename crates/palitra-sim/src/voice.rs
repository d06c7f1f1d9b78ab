//! The sandbox market's voice: soft tones in the rhythm of a text, as a WAV file. It is no speech and pretends none.
//!
//! A syllable is a note of a pentatonic scale, its vowel the pitch; punctuation is rest; the voice's name gives key and
//! timbre. All arithmetic is on whole numbers, so a text sounds the same, to the byte, on every machine.

#[cfg(test)]
mod tests;

/// Samples per second; one channel of 16 bits.
pub const RATE: u32 = 22_050;
/// The longest sound, in seconds; the rest of the text is not heard.
pub const SECONDS_MAX: u32 = 60;

const SAMPLES_MAX: usize = 22_050 * 60;
/// The highest step: the last of a phrase in a question.
const STEP_MAX: u32 = 9;
/// The loudest sample: well below full scale.
const PEAK: i64 = 22_000;

/// Speaks a text: the bytes of a WAV file (RIFF, PCM 16-bit mono, [`RATE`]), at most [`SECONDS_MAX`] long, never silent.
pub fn speak(text: &str, voice: &str, seed: u64) -> Vec<u8> {
    let character = Character::new(voice, seed);
    let notes = score(text);
    let mut mix = vec![0_i32; length(&notes)];
    for note in &notes {
        character.play(note, &mut mix);
    }
    wav(&levelled(&mix))
}

/// A tone: where it starts and how long its place is, in samples, and its step on the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Note {
    start: usize,
    length: usize,
    step: u32,
}

/// Milliseconds as samples.
const fn ms(milliseconds: usize) -> usize {
    milliseconds * 22_050 / 1000
}

/// What a character means for the rhythm.
enum Sound {
    /// With its step on the scale.
    Vowel(u32),
    Consonant,
    /// A digit, or a letter of a script without separate vowels here.
    Syllable(u32),
    /// Rest in milliseconds.
    Rest(usize),
    Question,
    Silent,
}

fn sound(c: char) -> Sound {
    match c {
        'a' | 'а' | 'я' | 'á' | 'à' | 'ä' | 'â' => Sound::Vowel(0),
        'e' | 'е' | 'э' | 'є' | 'é' | 'è' | 'ê' | 'ә' => Sound::Vowel(1),
        'i' | 'y' | 'и' | 'й' | 'ы' | 'і' | 'ї' | 'í' => Sound::Vowel(2),
        'o' | 'о' | 'ё' | 'ó' | 'ö' | 'ô' | 'ө' => Sound::Vowel(3),
        'u' | 'у' | 'ю' | 'ú' | 'ü' | 'ұ' | 'ү' => Sound::Vowel(4),
        'b'..='z' | 'б'..='ь' => Sound::Consonant,
        '?' | '؟' | '？' => Sound::Question,
        '.' | '!' | '…' | '\n' | '。' => Sound::Rest(340),
        ',' | ';' | ':' | '—' | '–' | '、' => Sound::Rest(190),
        c if c.is_whitespace() => Sound::Rest(70),
        c if c.is_alphanumeric() => Sound::Syllable(u32::from(c) % 5),
        _ => Sound::Silent,
    }
}

/// The notes of a text, one after another.
fn score(text: &str) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let (mut at, mut in_phrase, mut consonants, mut after_vowel) = (0, 0_u32, 0_usize, false);
    let mut sung = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        if at + ms(800) > SAMPLES_MAX {
            break;
        }
        let mut push = |at: &mut usize, step: u32, length: usize| {
            // A phrase rises a little, then comes down.
            let contour = [1, 2, 3, 2, 1, 0][usize::try_from(in_phrase % 6).unwrap_or(0)];
            notes.push(Note { start: *at, length, step: step + contour });
            *at += length;
            in_phrase += 1;
        };
        let was_vowel = std::mem::take(&mut after_vowel);
        match sound(c) {
            // A second vowel lengthens the first.
            Sound::Vowel(_) if was_vowel => {
                at += ms(50);
                after_vowel = true;
                if let Some(last) = notes.last_mut() {
                    last.length += ms(50);
                }
            }
            Sound::Vowel(step) => {
                push(&mut at, step, ms(130 + 22 * consonants.min(4)));
                (consonants, after_vowel, sung) = (0, true, true);
            }
            Sound::Syllable(step) => {
                push(&mut at, step, ms(150));
                (consonants, sung) = (0, true);
            }
            Sound::Consonant => consonants += 1,
            Sound::Silent => {}
            pause @ (Sound::Rest(_) | Sound::Question) => {
                if consonants > 0 && !sung {
                    push(&mut at, 0, ms(90));
                }
                if let (Sound::Question, Some(last)) = (&pause, notes.last_mut()) {
                    // Once, however many marks there are: higher up the overtones would no longer fit.
                    last.step = (last.step + 3).min(STEP_MAX);
                }
                let rest = if let Sound::Rest(rest) = pause { rest } else { 340 };
                at += ms(rest);
                if rest > 100 {
                    in_phrase = 0;
                }
                (consonants, sung) = (0, false);
            }
        }
    }
    if notes.is_empty() {
        // Emoji, nothing, or one consonant: a single soft note.
        notes.push(Note { start: 0, length: ms(300), step: 2 });
    }
    notes
}

fn length(notes: &[Note]) -> usize {
    let end = notes.iter().map(|note| note.start + note.length).max().unwrap_or(0);
    (end + ms(420)).min(SAMPLES_MAX)
}

/// Key and timbre of a voice.
struct Character {
    /// The lowest note, in thousandths of a hertz.
    root: u64,
    /// How loud the first four harmonics are, of 16.
    harmonics: [i32; 4],
}

impl Character {
    fn new(voice: &str, seed: u64) -> Self {
        let hash = voice.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
        });
        let of = |value: u64, count: u64| usize::try_from(value % count).unwrap_or(0);
        let roots = [164_814, 174_614, 195_998, 220_000, 246_942, 261_626];
        let timbres = [[9, 4, 2, 1], [11, 2, 3, 0], [8, 5, 2, 1], [12, 3, 0, 1]];
        // A seed is another take: the same voice a few cents off.
        let take = u64::from(u8::try_from(seed % 13).unwrap_or(0));
        let root = roots[of(hash >> 32, 6)];
        Self { root: root + root * take / 2000, harmonics: timbres[of(hash >> 40, 4)] }
    }

    /// The frequency of a step in thousandths of a hertz: a major pentatonic scale in whole ratios.
    fn frequency(&self, step: u32) -> u64 {
        let (up, down) = [(1, 1), (9, 8), (5, 4), (3, 2), (5, 3)][usize::try_from(step % 5).unwrap_or(0)];
        (self.root * up / down) << (step / 5).min(3)
    }

    /// Adds a note that rings on past its place.
    fn play(&self, note: &Note, mix: &mut [i32]) {
        let ring = note.length + ms(380);
        let attack = ms(14);
        // A whole turn is 2^32.
        let turn = (self.frequency(note.step) << 32) / (1000 * u64::from(RATE));
        let mut phase = 0_u64;
        for (i, sample) in mix.iter_mut().skip(note.start).take(ring).enumerate() {
            let level = if i < attack { share(i, attack) } else { 1 << 10 };
            let left = share(ring - i, ring);
            let envelope = (((level * left) >> 10) * left) >> 10;
            let tone: i32 = (1..).zip(self.harmonics).map(|(n, loud)| sine(phase * n) * loud).sum();
            *sample += ((tone >> 7) * envelope) >> 10;
            phase = (phase + turn) & 0xffff_ffff;
        }
    }
}

/// A part of a whole in 1024ths.
fn share(part: usize, whole: usize) -> i32 {
    i32::try_from(part * 1024 / whole.max(1)).unwrap_or(1024)
}

/// The sine of a phase (2^32 is a turn), ±32 000, by Bhaskara's fraction: at most 0.2 % off.
fn sine(phase: u64) -> i32 {
    const HALF: i64 = 1 << 15;
    let at = i64::try_from((phase >> 16) & 0xffff).unwrap_or(0);
    let (arc, sign) = if at < HALF { (at, 1) } else { (at - HALF, -1) };
    let product = arc * (HALF - arc);
    let value = 16 * product * 32_000 / (5 * HALF * HALF - 4 * product);
    i32::try_from(value * sign).unwrap_or(0)
}

/// Brings the loudest sample to [`PEAK`].
fn levelled(mix: &[i32]) -> Vec<i16> {
    let loudest = mix.iter().map(|sample| i64::from(*sample).abs()).max().unwrap_or(0).max(1);
    mix.iter().map(|sample| i16::try_from(i64::from(*sample) * PEAK / loudest).unwrap_or(0)).collect()
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let size = u32::try_from(samples.len() * 2).expect("a minute of sound is under 4 GB");
    let mut bytes = Vec::with_capacity(samples.len() * 2 + 44);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(size + 36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, one channel.
    bytes.extend_from_slice(&[1, 0, 1, 0]);
    bytes.extend_from_slice(&RATE.to_le_bytes());
    bytes.extend_from_slice(&(RATE * 2).to_le_bytes());
    // Two bytes a frame, sixteen bits a sample.
    bytes.extend_from_slice(&[2, 0, 16, 0]);
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}
