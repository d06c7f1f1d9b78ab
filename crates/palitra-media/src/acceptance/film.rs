//! Films: whole, of the size and length that were asked for. Their frames are not decoded.

use super::{Look, picture, rules};
use crate::video;
use palitra_domain::acceptance::{Defect, Expected};

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
}
