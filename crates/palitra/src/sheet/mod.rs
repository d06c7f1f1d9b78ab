//! `index.html` of `palitra slides`: the contact sheet of a deck, one self-contained page that opens from a folder.
//!
//! It renders a finished [`Report`] and nothing else: no files are read or written, nothing is asked of the engine. The page
//! runs no script and loads nothing but the pictures beside it; its policy (CSP) allows nothing more. The lightbox is CSS
//! (`:target`), the size of pictures a group of radio buttons.

mod card;
mod summary;
mod wording;

#[cfg(test)]
mod tests;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use palitra_domain::{catalogue::Catalogue, i18n::Lang};
use palitra_engine::batches::Report;
use sha2::{Digest, Sha256};
use wording::Wording;

const CSS: &str = concat!(include_str!("sheet.css"), include_str!("view.css"), include_str!("print.css"));

/// Beyond this many slides the page opens with small pictures.
const SLIDES_LARGE: usize = 60;

/// What the page says about the deck that the report does not know.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Of the deck; may be empty.
    pub title: &'a str,
    /// The file name of the deck, without its folder.
    pub deck_file: &'a str,
    /// The illustrated deck, relative to the page.
    pub illustrated: Option<&'a str>,
}

/// The page, HTML 5. Pictures and links are the report's `file`s, relative to it; `report.json` is expected beside it.
pub fn contact_sheet(report: &Report, about: &About<'_>, lang: Lang) -> String {
    let wording = Wording { report, about, lang, catalogue: Catalogue::shipped() };
    page(&wording).into_string()
}

/// No `style` attribute anywhere: the one style sheet is known by its hash.
fn policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(CSS));
    // A page opened from a folder has no origin, so `'self'` does not cover its neighbours in every browser: hence `file:`.
    format!(
        "default-src 'none'; img-src 'self' file:; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    )
}

fn page(wording: &Wording<'_>) -> Markup {
    let slides = &wording.report.items;
    // Slides without a picture are not in the lightbox.
    let seen: Vec<_> = slides.iter().filter(|slide| slide.file.is_some()).collect();
    html! {
        (DOCTYPE)
        html lang=(wording.lang.as_str()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content="Palitra";
                title { (wording.deck_title()) " · " (wording.text("sheet-name")) }
                style { (PreEscaped(CSS)) }
            }
            body {
                (summary::header(wording, slides.len() > SLIDES_LARGE))
                main {
                    (summary::attention(wording))
                    ol.grid.one[slides.len() == 1] {
                        @for slide in slides { (card::card(wording, slide)) }
                    }
                }
                (summary::footer(wording))
                @for (at, slide) in seen.iter().enumerate() {
                    @let previous = at.checked_sub(1).map(|before| seen[before].number);
                    @let next = seen.get(at + 1).map(|slide| slide.number);
                    (card::view(wording, slide, previous, next))
                }
            }
        }
    }
}
