//! Sounds: whole, heard, not cut off in height, long enough for what is spoken. WAV and MP3 are decoded; of Ogg only the pages are read,
//! so its rule is the duration alone.

use super::levels::Levels;
use super::samples::{self, Wave};
use super::{Look, rules, speech};
use crate::audio;
use palitra_domain::acceptance::{Defect, Expected};
use palitra_domain::media_type::FileFormat;

pub(super) fn look(look: &mut Look, expected: &Expected, file: &[u8], format: FileFormat) {
    let duration_ms = match audio::duration_ms(file, format) {
        Ok(duration_ms) => duration_ms,
        Err(why) => return look.broken(&why),
    };
    look.facts.duration_ms = Some(duration_ms);
    let levels = match format {
        FileFormat::Wav => match Wave::of(file) {
            Ok(wave) => wave.and_then(|wave| wave.levels()),
            Err(why) => return look.broken(&why),
        },
        FileFormat::Mp3 => {
            if let Err(why) = audio::is_whole_mp3(file) {
                return look.broken(&why);
            }
            samples::levels_of_mp3(file)
        }
        _ => {
            if let Err(why) = audio::is_whole_ogg(file) {
                return look.broken(&why);
            }
            None
        }
    };
    let heard_ms = levels.as_ref().map(Levels::heard_ms);
    if let Some(levels) = &levels {
        if levels.heard_ms() < rules::HEARD_MS_MIN {
            look.defects.push((Defect::Silent, format!("{} ms of it are heard", levels.heard_ms())));
        } else if levels.cut_share() > rules::CUT_SAMPLES_MAX {
            look.defects.push((Defect::Clipped, format!("{:.4} of it is cut off", levels.cut_share())));
        }
    }
    if let Some(text) = &expected.text {
        let (least, spoken) = (speech::shortest_ms(text), heard_ms.unwrap_or(duration_ms));
        if spoken < least {
            look.defects.push((Defect::TooShort, format!("{spoken} ms where words need {least}")));
        }
    }
}
