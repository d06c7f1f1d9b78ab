//! What the page cannot do: run, load, or let a deck write markup; and that its links lead somewhere.

use super::{
    super::{BASE64_STANDARD, Digest, Sha256, contact_sheet},
    *,
};
use base64::Engine as _;
use palitra_domain::i18n::Lang;
use std::collections::BTreeSet;

#[test]
fn nothing_a_deck_or_a_market_says_becomes_markup() {
    let hostile = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\" onclick=\"x";
    let mut slides = vec![slide(1), without_picture(2, StepStatus::Failed, ErrorCode::GenerationFailed)];
    slides[1].error.as_mut().unwrap().message = hostile.to_owned();
    for slide in &mut slides {
        slide.title = hostile.to_owned();
        slide.prompt = Some(hostile.to_owned());
        slide.clean_prompt = Some(format!("{hostile}!"));
        slide.model = Some(hostile.to_owned());
    }
    slides[0].file = Some(hostile.to_owned());
    let mut report = report(slides);
    report.workers[0].id = hostile.to_owned();
    let about = About { title: hostile, deck_file: hostile, illustrated: Some(hostile) };
    let page = contact_sheet(&report, &about, Lang::En);
    assert!(!page.contains("<script") && !page.contains("<img src=x") && !page.contains("\" onclick"));
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.matches("&lt;script&gt;").count() >= 8, "it is shown as it was written");
}

#[test]
fn the_page_asks_nobody_and_runs_nothing() {
    let mut report = every_kind();
    report.items[0].file = Some("//example.org/a b#c?d%.png".to_owned());
    report.items[1].file = Some("javascript:alert(1)".to_owned());
    let page = contact_sheet(&report, &ABOUT, Lang::Ru);
    for link in values(&page, "src").into_iter().chain(values(&page, "href")) {
        assert!(link.starts_with("./") || link.starts_with('#'), "{link}");
        assert!(!link.contains([':', '?', ' ']), "{link}");
    }
    assert!(page.contains("src=\".///example.org/a%20b%23c%3Fd%25.png\""));
    for word in ["http:", "https:", "<script", "<link", "<iframe", "@import", "url(", " style=", " on"] {
        let found = page.replace("http-equiv", "");
        let at = found.find(word).map(|at| &found[at..(at + 60).min(found.len())]);
        let is_text = word == " on" && !at.is_some_and(|text| text.contains("=\""));
        assert!(at.is_none() || is_text, "{word}: {at:?}");
    }
    // The browser accepts exactly this style sheet.
    let css = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = BASE64_STANDARD.encode(Sha256::digest(css));
    let policy = values(&page, "content")[0];
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{policy}");
}

#[test]
fn every_link_leads_somewhere_and_the_lightbox_goes_from_picture_to_picture() {
    let mut report = every_kind();
    report.items.push(slide(7));
    let page = contact_sheet(&report, &ABOUT, Lang::En);
    let ids = values(&page, "id");
    let unique: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "ids are unique");
    for link in values(&page, "href") {
        let Some(id) = link.strip_prefix('#') else { continue };
        assert!(id == "top" || unique.contains(id), "{link}");
    }
    let steps: Vec<_> =
        page.split("<section class=\"view\"").skip(1).map(|view| values(view, "href")).collect();
    let steps: Vec<Vec<_>> = steps
        .iter()
        .map(|links| links.iter().filter(|link| link.starts_with('#')).copied().collect())
        .collect();
    assert_eq!(
        steps,
        [
            vec!["#slide-1", "#view-2", "#slide-1"],
            vec!["#slide-2", "#view-7", "#view-1", "#slide-2"],
            vec!["#slide-7", "#view-2", "#slide-7"],
        ]
    );
}
