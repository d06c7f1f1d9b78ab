//! Contradictions in a wish: things that no single picture can show, found by their words in Russian and English.

use crate::stems::{self, has_stem};
use palitra_domain::prompt::has_cyrillic;

#[cfg(test)]
mod tests;

/// Two sides that exclude each other.
struct Pair {
    sides: [&'static str; 2],
    /// They exclude each other only when nothing but small words is between them: an old house and a young woman do not.
    close: bool,
    /// What is wrong, after the two words.
    russian: &'static str,
    english: &'static str,
}

const PAIRS: [Pair; 9] = [
    Pair {
        sides: [
            "=день =дня =дню =днем дневн полдень полуд =day daytime =daylight =noon midday",
            "=ночь =ночи =ночью ночн полноч =night nighttime midnight moonlit",
        ],
        close: false,
        russian: "время суток на картинке должно быть одно",
        english: "a picture has one time of day",
    },
    Pair {
        sides: [
            "рассвет =утро =утра =утром утренн sunrise dawn morning",
            "закат =вечер =вечера =вечером вечерн sunset dusk evening",
        ],
        close: false,
        russian: "утро и вечер не наступают вместе",
        english: "morning and evening do not come together",
    },
    Pair {
        sides: [
            "=лето =лета =летом летн =summer summertime",
            "=зима =зимы =зимой =зиму зимн =снег =снега =снегом =снегу снежн снегопад сугроб метел вьюг winter snow blizzard",
        ],
        close: false,
        russian: "время года должно быть одно",
        english: "a picture has one season",
    },
    Pair {
        sides: [
            "помещени =внутри интерьер =комната =комнате =комнаты спальн гостин indoor inside interior",
            "=улице =улица =улицы снаружи природе outdoor outside",
        ],
        close: false,
        russian: "место действия либо внутри, либо снаружи",
        english: "the place is either inside or outside",
    },
    Pair {
        sides: [
            "стар пожил престарел дряхл =old elderly aged senior",
            "молод юн ребен младен =young youthful teenage child =baby",
        ],
        close: true,
        russian: "возраст должен быть один",
        english: "there is one age",
    },
    Pair {
        sides: [
            "жара жаре жары жарк знойн зной =hot heatwave sweltering",
            "мороз холодн стуж =cold freezing frosty",
        ],
        close: true,
        russian: "погода должна быть одна",
        english: "there is one weather",
    },
    Pair {
        sides: [
            "=пустой =пустая =пустое =пустые =пустую =пустом =пустых =пусто безлюдн empty deserted",
            "толп людн многолюд переполнен crowd packed",
        ],
        close: false,
        russian: "место либо пустое, либо людное",
        english: "the place is either empty or full of people",
    },
    Pair {
        sides: [
            "монохром чернобел monochrom grayscale greyscale",
            "разноцветн многоцветн красочн colorful colourful multicolo",
        ],
        close: false,
        russian: "картинка либо без цвета, либо цветная",
        english: "the picture either has colours or has none",
    },
    Pair {
        sides: ["улыба смеет смеющ smiling laughing", "плачет плачущ рыда crying weeping sobbing"],
        close: false,
        russian: "выражение лица должно быть одно",
        english: "a face has one expression",
    },
];

/// Small words that may stand between two that exclude each other.
const SMALL: &str = "=и =но =а =или =с =в =на =очень =одновременно =вместе =and =but =or =with =very =yet =at =once =both =the =a =an";
/// What comes after these is said not to be.
const NOT: &str = "=не =без =нет =ни =кроме =not =no =without =never";

/// A contradiction: where in the wish's words its two sides are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    pair: usize,
    first: usize,
    second: usize,
}

/// Each contradiction of a wish as a short sentence in its language; none when it has none.
pub fn contradictions(wish: &str) -> Vec<String> {
    let words = words(wish);
    let sentence = |found: Found| {
        let pair = &PAIRS[found.pair];
        let (first, second) = (&words[found.first], &words[found.second]);
        if has_cyrillic(wish) {
            format!("«{first}» и «{second}» противоречат друг другу: {}.", pair.russian)
        } else {
            format!("“{first}” and “{second}” contradict each other: {}.", pair.english)
        }
    };
    found(&words).into_iter().map(sentence).collect()
}

/// The wish without its contradictions: of two sides the one that is named first stays.
pub(super) fn settled(wish: &str) -> String {
    let mut wish = wish.to_owned();
    // Each turn takes at least one word away.
    while let Some(found) = found(&words(&wish)).first().copied() {
        let places = places(&wish);
        let Some((start, end)) = places.get(found.second).copied() else { break };
        // The small word before goes with it.
        let before = found.second.checked_sub(1).map(|before| places[before]);
        let small = before.filter(|(from, to)| has_stem(&wish[*from..*to].to_lowercase(), SMALL));
        let start = small.map_or(start, |(from, _)| from);
        let (head, tail) = (wish[..start].trim_end(), wish[end..].trim_start());
        let joint =
            if head.is_empty() || tail.is_empty() || tail.starts_with([',', '.', ';']) { "" } else { " " };
        let next = format!("{head}{joint}{tail}");
        wish = next.trim_matches([' ', ',', ';']).to_owned();
    }
    wish
}

fn words(wish: &str) -> Vec<String> {
    // `чёрно-белый` is one word here.
    stems::words(&wish.replace("рно-бел", "рнобел"))
}

/// Where the words of a wish are in it, as [`stems::words`] counts them.
fn places(wish: &str) -> Vec<(usize, usize)> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut start = None;
    for (at, c) in wish.char_indices().chain([(wish.len(), ' ')]) {
        let inside = c.is_alphanumeric()
            || (c == '-' && wish[..at].ends_with("рно") && wish[at..].starts_with("-бел"));
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                places.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    places
}

fn found(words: &[String]) -> Vec<Found> {
    let mut all = Vec::new();
    for (pair, of) in PAIRS.iter().enumerate() {
        let said = |side: usize| -> Vec<usize> {
            let is = |at: &usize| {
                let denied = at.checked_sub(1).is_some_and(|before| has_stem(&words[before], NOT));
                // `25-летняя` says an age, no season.
                let counted =
                    at.checked_sub(1).is_some_and(|before| words[before].chars().all(|c| c.is_ascii_digit()));
                !denied && !counted && has_stem(&words[*at], of.sides[side])
            };
            (0..words.len()).filter(is).collect()
        };
        let (one, other) = (said(0), said(1));
        let near = |(a, b): &(usize, usize)| {
            let between = &words[a.min(b) + 1..*a.max(b)];
            !of.close || between.iter().all(|word| has_stem(word, SMALL))
        };
        let both = one.iter().flat_map(|a| other.iter().map(move |b| (*a, *b)));
        if let Some((a, b)) =
            both.filter(near).min_by_key(|(a, b)| (a.max(b).to_owned(), a.min(b).to_owned()))
        {
            all.push(Found { pair, first: a.min(b), second: a.max(b) });
        }
    }
    all
}
