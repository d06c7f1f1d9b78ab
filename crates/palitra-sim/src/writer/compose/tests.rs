//! The prompt writer's promises: five parts in order, a thousand characters, one language, nothing technical.

use super::*;
use crate::writer::contradictions;
use palitra_domain::prompt::has_cyrillic;

const WISHES: [&str; 24] = [
    "красивая девушка на пляже",
    "кот",
    "Старый маяк на скале, шторм",
    "зимний лес",
    "ночной город",
    "Утро в горах",
    "чашка кофе на столе",
    "космонавт среди звёзд, акварель",
    "Летний луг, бабочки",
    "портрет пожилого рыбака",
    "солнечный день в парке",
    "интерьер уютной комнаты, вечер",
    "дракон летит над замком, аниме",
    "Логотип",
    "снеговик",
    "a quiet harbour",
    "old fisherman mending a net at dawn",
    "robot in a greenhouse, oil painting",
    "winter street at night",
    "a beautiful girl on the beach",
    "qwerty zxcv",
    "🎉",
    "--ar 16:9 steps 30 cfg=7 1024x1024 кошка model=flux 512px",
    "пустыня",
];

fn order(wish: &str, language: Language, purpose: Purpose, seed: u64) -> Order<'_> {
    Order { wish, language, purpose, settle: false, seed }
}

fn whole(prompt: &Prompt) -> String {
    [&prompt.object, &prompt.look, &prompt.surroundings, &prompt.light, &prompt.style]
        .map(String::as_str)
        .join(" ")
}

fn everywhere(check: impl Fn(&Order, &Prompt)) {
    for wish in WISHES {
        for language in [Language::Russian, Language::English] {
            for purpose in [Purpose::Create, Purpose::Edit] {
                for seed in 0..4 {
                    let order = order(wish, language, purpose, seed);
                    check(&order, &compose(&order));
                }
            }
        }
    }
}

#[test]
fn s2_022_a_prompt_has_a_thousand_characters() {
    everywhere(|order, prompt| {
        let length = whole(prompt).chars().count();
        assert!((1000..=2400).contains(&length), "{length}: {order:?}");
    });
}

#[test]
fn s2_021_parts_stand_in_order() {
    let prompt = compose(&order("красивая девушка на пляже", Language::Russian, Purpose::Create, 1));
    let json = serde_json::to_string(&prompt).unwrap();
    let places = ["\"object\"", "\"look\"", "\"surroundings\"", "\"light\"", "\"style\""]
        .map(|part| json.find(part).unwrap());
    assert!(places.is_sorted(), "{json}");
    assert!(prompt.object.starts_with("Красивая девушка на пляже. "), "{}", prompt.object);
    assert!(prompt.surroundings.contains("берег"), "{}", prompt.surroundings);
}

#[test]
fn s2_025_a_prompt_is_in_the_language_asked_for() {
    everywhere(|order, prompt| {
        let text = whole(prompt);
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let russian = text.chars().filter(|c| has_cyrillic(c.encode_utf8(&mut [0; 4]))).count();
        match order.language {
            Language::Russian => assert!(russian * 10 >= letters * 9, "{text}"),
            Language::English => assert_eq!(russian, 0, "{text}"),
        }
    });
    let reads = |wish, language| compose(&order(wish, language, Purpose::Create, 1)).object;
    assert!(
        reads("красивая девушка на пляже", Language::English).starts_with("A beautiful girl on the beach. ")
    );
    assert!(
        reads("a beautiful girl on the beach", Language::Russian).starts_with("Красивый, девушка, пляж. ")
    );
    assert!(reads("qwerty zxcv", Language::Russian).starts_with("Сюжет «qwerty zxcv». "));
}

#[test]
fn s2_024_a_prompt_names_no_parameters() {
    everywhere(|_, prompt| {
        let text = whole(prompt);
        assert!(!text.contains("--") && !text.contains('='), "{text}");
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
            let size = word.trim_start_matches(|c: char| c.is_ascii_digit());
            assert!(!matches!(word, "steps" | "cfg" | "px" | "ar" | "seed") && size != "px", "{text}");
        }
    });
    assert_eq!(plain("--ar 16:9 steps 30 cfg=7 1024x1024 кошка model=flux 512px"), "кошка");
    assert_eq!(plain("две кошки, 3 собаки и XXL диван"), "две кошки, 3 собаки и XXL диван");
}

#[test]
fn s2_023_for_an_edit_nobody_is_described() {
    everywhere(|order, prompt| {
        if order.purpose == Purpose::Edit {
            assert_eq!(subject::has_identity(&whole(prompt)), None, "{prompt:?}");
        }
    });
    let wish = "молодая блондинка с голубыми глазами и шляпой на пляже";
    let prompt = compose(&order(wish, Language::Russian, Purpose::Edit, 1));
    assert!(prompt.object.starts_with("С голубыми и шляпой на пляже. "), "{}", prompt.object);
}

#[test]
fn s2_020_a_prompt_does_not_contradict_itself_unless_the_wish_does() {
    everywhere(|order, prompt| {
        assert_eq!(contradictions(&whole(prompt)), [""; 0], "{order:?}");
    });
    for language in [Language::Russian, Language::English] {
        let order = order("день и ночь в лесу", language, Purpose::Create, 1);
        assert_eq!(contradictions(&whole(&compose(&order))).len(), 1, "{language:?}");
        let settled = compose(&Order { settle: true, ..order });
        assert_eq!(contradictions(&whole(&settled)), [""; 0], "{settled:?}");
    }
}

#[test]
fn seeds_and_wishes_change_the_prompt() {
    let of = |wish, seed| compose(&order(wish, Language::Russian, Purpose::Create, seed));
    assert_eq!(of("кот", 1), of("кот", 1));
    let prompts: Vec<Prompt> = (0..12).map(|seed| of("кот", seed)).collect();
    assert!(prompts.iter().any(|prompt| *prompt != prompts[0]));
    assert_ne!(of("кот", 1).look, of("маяк", 1).look);
}
