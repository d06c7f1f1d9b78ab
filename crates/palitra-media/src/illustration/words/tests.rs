//! Everyday words, and what they may and must be shown as.

use super::*;

/// Sixty everyday nouns of each language, with the only emoji that are right; `-` where a card is as good.
const RUSSIAN_NOUNS: &str = "яблоко🍎 груша🍐 банан🍌 лимон🍋 виноград🍇 арбуз🍉 хлеб🍞 сыр🧀 молоко🥛 яйцо🥚 мясо🥩 рыба🐟 суп🍲 торт🎂 чай🍵 \
    кофе☕ вода💧 дом🏠 дверь🚪 окно🪟 стол- стул🪑 кровать🛏 лампа💡 ключ🔑 часы⌚ книга📖 письмо✉ карандаш✏ ножницы✂ телефон📱 компьютер💻 \
    машина🚗 поезд🚆 самолет✈ корабль🚢 велосипед🚲 мост🌉 гора⛰ остров🏝 море🌊 река🏞 лес🌲 дерево🌳 цветок🌸 гриб🍄 солнце☀ луна🌙 \
    звезда⭐ дождь🌧 снег❄ огонь🔥 кошка🐈 собака🐕 лошадь🐎 корова🐄 медведь🐻 волк🐺 птица🐦 бабочка🦋";
const ENGLISH_NOUNS: &str = "apple🍎 pear🍐 banana🍌 lemon🍋 grapes🍇 watermelon🍉 bread🍞 cheese🧀 milk🥛 egg🥚 meat🥩 fish🐟 soup🍲 cake🎂 \
    tea🍵 coffee☕ water💧 house🏠 door🚪 window🪟 table- chair🪑 bed🛏 lamp💡 key🔑 clock🕰 book📖 letter✉ pencil✏ scissors✂ phone📱 computer💻 \
    car🚗 train🚆 airplane✈ ship🚢 bicycle🚲 bridge🌉 mountain⛰ island🏝 sea🌊 river🏞 forest🌲 tree🌳 flower🌸 mushroom🍄 sun☀ moon🌙 \
    star⭐ rain🌧 snow❄ fire🔥 cat🐈 dog🐕 horse🐎 cow🐄 bear🐻 wolf🐺 bird🐦 butterfly🦋";

fn bare(emoji: &str) -> String {
    emoji.chars().filter(|char| *char != '\u{fe0f}').collect()
}

#[test]
fn s1_everyday_nouns_have_their_emoji_and_none_is_absurd() {
    for (language, nouns) in [(Language::Russian, RUSSIAN_NOUNS), (Language::English, ENGLISH_NOUNS)] {
        let (mut hits, mut count) = (0, 0);
        for pair in nouns.split_whitespace() {
            let end = pair.find(|char: char| !char.is_alphabetic()).unwrap();
            let (noun, right) = pair.split_at(end);
            let found = emoji(noun, language).map(bare);
            assert_eq!(found.as_deref().unwrap_or("-"), bare(right), "{noun}");
            (hits, count) = (hits + usize::from(found.is_some()), count + 1);
        }
        println!("{language:?}: {hits} of {count}");
        assert_eq!(count, 60);
        assert!(hits >= 55);
    }
}

#[test]
fn inflected_words_are_found() {
    for (word, right) in [
        ("яблоки", "🍎"),
        ("Яблок", "-"),
        ("собаки", "🐕"),
        ("медведя", "🐻"),
        ("Груши!", "🍐"),
        ("самолёты", "✈"),
        ("бананами", "🍌"),
        ("деревом", "🌳"),
        ("море", "🌊"),
        ("сова", "🦉"),
    ] {
        assert_eq!(emoji(word, Language::Russian).map(bare).as_deref().unwrap_or("-"), right, "{word}");
    }
    for (word, right) in [
        ("Apples", "🍎"),
        ("cherries", "🍒"),
        ("the dog", "🐕"),
        ("a horse", "🐎"),
        ("foxes", "🦊"),
        ("owl", "🦉"),
    ] {
        assert_eq!(emoji(word, Language::English).map(bare).as_deref().unwrap_or("-"), right, "{word}");
    }
}

#[test]
fn words_that_no_emoji_shows_have_none() {
    for word in ["совесть", "справедливость", "вчера", "ы", "", "  ", "быстро", "алгоритм"]
    {
        assert_eq!(emoji(word, Language::Russian), None, "{word}");
    }
    for word in ["justice", "yesterday", "s", "es", "algorithm", "although"] {
        assert_eq!(emoji(word, Language::English), None, "{word}");
    }
    assert_eq!(emoji(&"я".repeat(100_000), Language::Russian), None);
}

#[test]
fn every_emoji_of_the_table_is_drawn() {
    let pairs = RUSSIAN.iter().chain(ENGLISH.iter());
    let undrawn: Vec<_> = pairs.filter(|(_, emoji)| crate::text::emoji_picture(emoji, 8).is_none()).collect();
    assert!(undrawn.is_empty(), "{undrawn:?}");
}
