//! What the contact sheet says: texts of the catalogue with the values of a report, durations, links. No markup of the page.

use super::About;
use maud::{Markup, html};
use palitra_domain::{
    ErrorCode,
    catalogue::Catalogue,
    i18n::{self, Arg, Lang},
    state::{StepKind, StepStatus},
};
use palitra_engine::batches::{ItemReport, Report};
use std::{fmt::Write, time::Duration};

/// A report, the deck it is about and the language of the reader.
#[derive(Debug)]
pub(super) struct Wording<'a> {
    pub(super) report: &'a Report,
    pub(super) about: &'a About<'a>,
    pub(super) lang: Lang,
    /// Names the market of a model.
    pub(super) catalogue: Catalogue,
}

/// What a reader tells apart; a class of the style sheet and, as `sheet-<name>`, a text.
pub(super) const KINDS: [&str; 6] = ["ok", "reused", "failed", "skipped", "cancelled", "waiting"];

pub(super) fn kind(slide: &ItemReport) -> &'static str {
    match slide.status {
        StepStatus::Succeeded if slide.reused => "reused",
        StepStatus::Succeeded => "ok",
        StepStatus::Failed => "failed",
        StepStatus::Skipped => "skipped",
        StepStatus::Cancelled => "cancelled",
        StepStatus::Waiting => "waiting",
    }
}

impl Wording<'_> {
    pub(super) fn text(&self, key: &str) -> String {
        i18n::text(self.lang, key, &[])
    }

    pub(super) fn with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        i18n::text(self.lang, key, args)
    }

    pub(super) fn deck_title(&self) -> &str {
        let title = self.about.title.trim();
        if title.is_empty() { self.about.deck_file } else { title }
    }

    /// Never empty: pictures are known by it.
    pub(super) fn title(&self, slide: &ItemReport) -> String {
        let title = slide.title.trim();
        if title.is_empty() {
            self.with("sheet-slide", &[("number", slide.number.into())])
        } else {
            title.to_owned()
        }
    }

    /// Why a slide has no picture.
    pub(super) fn reason(&self, slide: &ItemReport) -> String {
        let Some(error) = &slide.error else {
            let key = if slide.status == StepStatus::Succeeded { "no-file" } else { kind(slide) };
            return self.text(&format!("sheet-{key}"));
        };
        let why = self.error("error", error.code, Some(slide)).unwrap_or_else(|| {
            if error.message == error.code.name() { self.text("sheet-failed") } else { error.message.clone() }
        });
        if slide.status == StepStatus::Failed && error.step == StepKind::Prompt {
            self.with("sheet-no-prompt", &[("why", (&why).into())])
        } else {
            why
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self, slide: &ItemReport) -> Option<String> {
        self.error("hint", slide.error.as_ref()?.code, Some(slide))
    }

    /// The market's own words, where they say more than the code.
    pub(super) fn answer<'a>(&self, slide: &'a ItemReport) -> Option<&'a str> {
        let error = slide.error.as_ref()?;
        let said = error.message.as_str();
        (said != error.code.name() && said != self.reason(slide)).then_some(said)
    }

    /// Why the run as a whole ended badly, and what to do about it. `None` where a slide says the same.
    pub(super) fn stopped(&self) -> Option<(String, Option<String>)> {
        let code = self.report.error?;
        let mut errors = self.report.items.iter().filter_map(|slide| slide.error.as_ref());
        if errors.any(|error| error.code == code) {
            return None;
        }
        let why = self.error("error", code, None).unwrap_or_else(|| {
            let totals = &self.report.totals;
            self.with("sheet-stopped", &[("ok", totals.succeeded.into()), ("total", totals.items.into())])
        });
        Some((why, self.error("hint", code, None)))
    }

    /// `error-<code>`, or `hint-<code>` and then `hint-<code>-else`; `None` where there is none, or each names a value that a
    /// report does not have.
    fn error(&self, what: &str, code: ErrorCode, slide: Option<&ItemReport>) -> Option<String> {
        let key = format!("{what}-{}", code.name().replace('_', "-"));
        let model = slide.and_then(|slide| self.catalogue.find(slide.failed_model.as_deref()?));
        let args: Vec<_> = model.map(|model| ("value", (&model.market).into())).into_iter().collect();
        let keys = [key.clone(), format!("{key}-else")];
        let texts = keys.iter().filter(|key| i18n::has(self.lang, key)).map(|key| self.with(key, &args));
        // Fluent writes a value it was not given as `{$name}`.
        texts.into_iter().find(|text| !text.contains("{$"))
    }

    /// Seconds for people: `1 h 02 min`, `1 min 36 s`, `45 s`.
    pub(super) fn span(&self, seconds: f64) -> String {
        let exact = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let whole = exact.saturating_add(Duration::from_millis(500)).as_secs();
        let (key, left, right) = match whole {
            0 if exact.is_zero() => ("sheet-seconds", 0, 0),
            0 => ("sheet-moment", 0, 0),
            1..60 => ("sheet-seconds", 0, whole),
            60..3600 => ("sheet-minutes", whole / 60, whole % 60),
            _ => ("sheet-hours", whole / 3600, whole % 3600 / 60),
        };
        let text = |part: u64| format!("{part:0width$}", width = if left > 0 { 2 } else { 1 });
        self.with(key, &[("left", (&left.to_string()).into()), ("right", (&text(right)).into())])
    }
}

/// Text with what can be typed in backticks.
pub(super) fn typed(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A link to a file beside the page; whatever the name, it stays a relative path.
pub(super) fn href(file: &str) -> String {
    let mut link = String::from("./");
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                link.push(char::from(byte));
            }
            _ => write!(link, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    link
}
