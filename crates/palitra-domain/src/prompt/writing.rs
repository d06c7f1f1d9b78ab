//! The prompt writer (S2-018…S2-027): what a text model is asked for, and what its answers have to be like.

use crate::i18n::Lang;
use serde_json::Value;

/// What a prompt is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A picture out of nothing.
    Create,
    /// A change of pictures that are given: nobody is described again (S2-023).
    Edit,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Create => "create",
            Purpose::Edit => "edit",
        }
    }
}

/// S2-022.
pub const CHARS_MIN: usize = 1_000;

/// The parts of a prompt, in their order (S2-021).
/// The one part of an answer that has no parts.
const PLAIN: &str = "prompt";

pub const PARTS: [&str; 5] = ["object", "look", "surroundings", "light", "style"];

/// What the writer is told.
pub fn compose_system(purpose: Purpose, lang: Lang) -> String {
    let language = match lang {
        Lang::Ru => "Russian",
        Lang::En => "English",
    };
    let identity = match purpose {
        Purpose::Create => "",
        Purpose::Edit => {
            " The prompt changes pictures that are given: say what becomes different, and never describe who the people are or what their faces are like."
        }
    };
    format!(
        "You turn a few words into a detailed prompt for an image model. Answer with one JSON object and nothing else, with exactly these \
         texts in this order: \"object\", \"look\", \"surroundings\", \"light\", \"style\". Every text is in {language}. Together they have at \
         least {CHARS_MIN} characters, agree with each other, and have one meaning. No technical parameters: no --ar, steps, cfg, pixels or \
         names of models.{identity}"
    )
}

/// What the writer is told beside that, the second time.
pub fn longer() -> String {
    format!("The last answer was too short: at least {CHARS_MIN} characters all together.")
}

/// What the writer is told beside that when its prompt contradicted itself (S2-020).
pub fn without(contradictions: &[String]) -> String {
    format!(
        "The last answer contradicted itself; decide for one side of each:\n- {}",
        contradictions.join("\n- ")
    )
}

/// What the checker is told.
pub const CHECK_SYSTEM: &str = "You look for contradictions and double meanings in a prompt for an image model, such as day and night at once. \
    Answer with one JSON object and nothing else: {\"contradictions\": [\"…\"]}, a short sentence for each in the language of the prompt, an empty \
    list when there are none.";

/// A prompt in its parts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Composition {
    pub parts: Vec<(&'static str, String)>,
}

impl Composition {
    /// Reads a writer's answer; `None` when a part is missing. What stands around the JSON does not matter.
    pub fn parse(answer: &str) -> Option<Composition> {
        let fields = object(answer)?;
        let part = |name: &'static str| {
            let text = without_parameters(fields.get(name)?.as_str()?.trim());
            (!text.is_empty()).then_some((name, text))
        };
        let parts = PARTS.into_iter().map(part).collect::<Option<Vec<_>>>()?;
        Some(Composition { parts })
    }

    /// An answer that has no parts: what was said is the prompt, as it is. `None` when nothing was said.
    pub fn plain(answer: &str) -> Option<Composition> {
        let text = without_parameters(answer.trim().trim_matches('`').trim());
        (!text.is_empty()).then(|| Composition { parts: vec![(PLAIN, text)] })
    }

    /// The answer had no parts.
    pub fn is_plain(&self) -> bool {
        self.parts.iter().any(|(name, _)| *name == PLAIN)
    }

    /// The whole prompt, its parts in order.
    pub fn text(&self) -> String {
        let sentence = |text: &String| {
            let ends = text.ends_with(['.', '!', '?', '…']);
            if ends { text.clone() } else { format!("{text}.") }
        };
        self.parts.iter().map(|(_, text)| sentence(text)).collect::<Vec<_>>().join(" ")
    }

    pub fn is_long_enough(&self) -> bool {
        self.text().chars().count() >= CHARS_MIN
    }
}

/// Contradictions that a checker has found; `None` when its answer cannot be read.
pub fn contradictions(answer: &str) -> Option<Vec<String>> {
    let list = object(answer)?;
    let list = list.get("contradictions")?.as_array()?;
    Some(list.iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect())
}

/// The JSON object in a text.
fn object(text: &str) -> Option<Value> {
    let (start, end) = (text.find('{')?, text.rfind('}')?);
    serde_json::from_str(text.get(start..=end)?).ok()
}

/// S2-024: technical parameters are taken out of a text, the words around them stay.
pub fn without_parameters(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let lower = word.to_lowercase();
        let bare = lower.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '-');
        if bare.starts_with("--") {
            // `--ar 16:9`: the value goes, too.
            words.next_if(|next| {
                !next.starts_with("--") && next.chars().any(|letter| letter.is_ascii_digit())
            });
            continue;
        }
        let named = ["model=", "steps=", "cfg=", "steps:", "cfg:", "seed=", "size="]
            .iter()
            .any(|name| lower.starts_with(name));
        let pixels = bare.strip_suffix("px").is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'x')
        });
        let is_number = |next: &&str| {
            let next = next.trim_end_matches([',', '.']);
            !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        };
        let counted = matches!(bare, "cfg" | "steps") && words.peek().is_some_and(is_number);
        if named || pixels || counted {
            words.next_if(is_number);
            continue;
        }
        kept.push(word);
    }
    kept.join(" ")
}

/// S2-025: whether a text is in the language, by its letters: nine of ten.
pub fn is_in(text: &str, lang: Lang) -> bool {
    use unicode_script::{Script, UnicodeScript};
    let wanted = match lang {
        Lang::Ru => Script::Cyrillic,
        Lang::En => Script::Latin,
    };
    let letters: Vec<char> = text.chars().filter(|letter| letter.is_alphabetic()).collect();
    let own = letters.iter().filter(|letter| letter.script() == wanted).count();
    !letters.is_empty() && own * 10 >= letters.len() * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(part: &str) -> String {
        let parts = PARTS.map(|name| format!("\"{name}\": \"{name} {part}\""));
        format!("```json\n{{{}}}\n```", parts.join(", "))
    }

    #[test]
    fn s2_021_the_five_parts_are_read_in_their_order_whatever_stands_around_them() {
        let read = Composition::parse(&answer("x")).unwrap();
        assert_eq!(read.text(), "object x. look x. surroundings x. light x. style x.");
        let shuffled = r#"{"style":"s","light":"l","object":"o","look":"k","surroundings":"r"}"#;
        assert_eq!(Composition::parse(shuffled).unwrap().text(), "o. k. r. l. s.");
        for broken in [
            "",
            "no json",
            "{}",
            r#"{"object":"o"}"#,
            r#"{"object":"","look":"k","surroundings":"r","light":"l","style":"s"}"#,
        ] {
            assert_eq!(Composition::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn s2_022_a_thousand_characters_are_enough_and_one_less_is_not() {
        let of = |chars: usize| {
            let style = "ы".repeat(chars);
            let text =
                format!(r#"{{"object":"a","look":"b","surroundings":"c","light":"d","style":"{style}"}}"#);
            Composition::parse(&text).unwrap()
        };
        // Four parts of `x. ` and the last full stop.
        assert_eq!(of(987).text().chars().count(), 1_000);
        assert!(of(987).is_long_enough() && !of(986).is_long_enough());
    }

    #[test]
    fn s2_024_technical_parameters_go_and_words_stay() {
        for (text, clean) in [
            ("a cat --ar 16:9 on a sofa", "a cat on a sofa"),
            ("a cat, steps 50, cfg 8.0, softly lit", "a cat, softly lit"),
            ("model=flux a cat of 1024px", "a cat of"),
            ("two steps of a stair", "two steps of a stair"),
            ("mid-century chair -- calm", "mid-century chair calm"),
        ] {
            assert_eq!(without_parameters(text), clean, "{text}");
        }
    }

    #[test]
    fn s2_020_contradictions_are_read() {
        assert_eq!(contradictions(r#"{"contradictions": []}"#), Some(vec![]));
        assert_eq!(
            contradictions(r#"Sure: {"contradictions": ["день и ночь"]}"#),
            Some(vec!["день и ночь".to_owned()])
        );
        assert_eq!(contradictions("none"), None);
    }

    #[test]
    fn s2_025_a_language_is_told_by_nine_of_ten_letters() {
        assert!(is_in("красивая девушка на пляже, мягкий вечерний свет, тёплые тона, Vogue", Lang::Ru));
        assert!(!is_in("a beautiful пляж", Lang::Ru));
        assert!(is_in("a girl on a beach", Lang::En));
        assert!(!is_in("12345", Lang::En));
    }
}
