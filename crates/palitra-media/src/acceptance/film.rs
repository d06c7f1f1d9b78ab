//! Films: whole, of the size and length that were asked for. One that cannot play before it is loaded is put in order; its first picture is
//! kept beside it where `ffmpeg` is installed.

use super::{Look, picture, rules};
use crate::video;
use palitra_domain::acceptance::{Defect, Expected};
use std::{borrow::Cow, path::Path, time::Duration};

/// A first picture takes tens of milliseconds.
const POSTER_PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn look(look: &mut Look, expected: &Expected, file: &[u8]) {
    let film = match video::check(file) {
        Ok(film) => film,
        Err(why) => return look.broken(&why),
    };
    look.facts.duration_ms = Some(film.duration_ms);
    (look.facts.width, look.facts.height) = film.size.unzip();
    if let Some((asked, size)) = expected.size.zip(film.size)
        && let Some(detail) = picture::wrong_size(asked, size)
    {
        look.defects.push((Defect::WrongSize, detail));
    }
    if let Some(seconds) = expected.seconds {
        let asked = u64::from(seconds) * 1000;
        let allowed = rules::FILM_OFF_MS_MAX.max(asked * rules::FILM_OFF_PER_CENT_MAX / 100);
        if film.duration_ms.abs_diff(asked) > allowed {
            look.defects.push((Defect::WrongLength, format!("{} ms instead of {asked}", film.duration_ms)));
        }
    }
    let Ok(ordered) = video::fast_start(file) else { return };
    if film.size.is_some()
        && let Some(poster) = video::poster(&ordered, Path::new("ffmpeg"), POSTER_PATIENCE)
    {
        picture::keep_copies(&mut look.facts, &poster.pixels);
    }
    if let Cow::Owned(ordered) = ordered {
        look.facts.better = Some(ordered.into());
    }
}
