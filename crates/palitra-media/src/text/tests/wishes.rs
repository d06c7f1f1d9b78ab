//! What wishes come to: a table of phrases and of the JSON they decide.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::text::wish::{WISH_CHARS_MAX, parse, parse_over};
use crate::text::{Size, Style};

/// Phrases that are understood whole.
fn check(table: &[(&str, Value)]) {
    let mut offences = Vec::new();
    for (wish, expected) in table {
        let parsed = parse(wish);
        let (changes, left_over) = (parsed.changes(), &parsed.left_over);
        if changes != *expected || !left_over.is_empty() {
            offences.push(format!(
                "{wish}\n  expected {expected}\n  got      {changes}\n  left over {left_over:?}"
            ));
        }
        let again: Style = serde_json::from_value(serde_json::to_value(&parsed.style).unwrap()).unwrap();
        assert_eq!(again, parsed.style, "{wish}: its JSON is the style");
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn s2_064_seed_examples_give_the_expected_json() {
    check(&[
        (
            "Крупный белый текст в центре, на чёрной плашке",
            json!({"size": "large", "ink": "#ffffff", "position": "centre", "plate": {"on": true, "colour": "#000000"}}),
        ),
        (
            "Огромный текст по центру, красный цвет, без плашки",
            json!({"size": "huge", "position": "centre", "ink": "#e53935", "plate": {"on": false}}),
        ),
        (
            "Обычный текст снизу, белая плашка с прозрачностью 50%",
            json!({"size": "normal", "position": "bottom", "plate": {"on": true, "colour": "#ffffff", "opacity_percent": 50}}),
        ),
        (
            "Текст размером 72px снизу, расстояние от низа 10%",
            json!({"size": {"px": 72}, "position": "bottom", "margin": {"bottom": 10}}),
        ),
        (
            "Белая плашка с размытием, радиус размытия 5",
            json!({"plate": {"on": true, "colour": "#ffffff", "blur_px": 5}}),
        ),
    ]);
}

#[test]
fn s2_055_skip_is_the_default_style() {
    for wish in ["", "  \n ", "/skip", "по умолчанию", "default", "Настройки по умолчанию, пожалуйста"]
    {
        assert_eq!(parse(wish).style, Style::default(), "{wish}");
    }
    let whole = json!({
        "font": "golos", "bold": true, "size": "normal", "position": "bottom",
        "margin": {"top": 5, "right": 5, "bottom": 5, "left": 5}, "align": null, "line_spacing_percent": 125, "ink": null,
        "plate": {"on": true, "colour": null, "opacity_percent": 60, "radius_px": null, "blur_px": 0},
        "outline": {"on": null, "colour": null, "width_px": null},
        "shadow": {"on": null, "colour": null, "opacity_percent": 60},
    });
    assert_eq!(serde_json::to_value(Style::default()).unwrap(), whole);
}

#[test]
fn s2_056_s2_057_sizes() {
    let px = |pixels: u16| json!({"size": {"px": pixels}});
    check(&[
        ("Маленький", json!({"size": "small"})),
        ("Средний", json!({"size": "medium"})),
        ("Обычный", json!({"size": "normal"})),
        ("Крупный", json!({"size": "large"})),
        ("Огромный", json!({"size": "huge"})),
        ("48px", px(48)),
        ("72 пикселей", px(72)),
        ("размер 96", px(96)),
        ("размер шрифта 40", px(40)),
        ("шрифт 64 пикселя", px(64)),
        ("кегль 36 пт", px(36)),
        ("текст размером 120 px", px(120)),
        ("font size 32", px(32)),
        ("size: 54px", px(54)),
        ("мелким текстом", json!({"size": "small"})),
        ("среднего размера", json!({"size": "medium"})),
        ("крупными буквами", json!({"size": "large"})),
        ("большая надпись", json!({"size": "large"})),
        ("очень крупно", json!({"size": "huge"})),
        ("huge text", json!({"size": "huge"})),
        ("small caption", json!({"size": "small"})),
        ("покрупнее", json!({"size": "large"})),
        ("сделай текст чуть мельче", json!({"size": "medium"})),
        ("bigger", json!({"size": "large"})),
        ("smaller please", json!({"size": "medium"})),
    ]);
    let large = Style { size: Size::Large, ..Style::default() };
    assert_eq!(parse_over(&large, "ещё крупнее").style.size, Size::Huge);
    let px = Style { size: Size::Px(100), ..Style::default() };
    assert_eq!(parse_over(&px, "поменьше").style.size, Size::Px(80));
}

#[test]
fn s2_058_places_and_margins() {
    check(
        &[
            ("по центру", json!({"position": "centre"})),
            ("сверху", json!({"position": "top"})),
            ("внизу", json!({"position": "bottom"})),
            ("слева", json!({"position": "left"})),
            ("справа посередине", json!({"position": "right"})),
            ("внизу по центру", json!({"position": "bottom"})),
            ("в левом верхнем углу", json!({"position": "top_left"})),
            ("в правом нижнем углу", json!({"position": "bottom_right"})),
            ("верхний правый угол", json!({"position": "top_right"})),
            ("снизу слева", json!({"position": "bottom_left"})),
            ("bottom left", json!({"position": "bottom_left"})),
            ("in the top right corner", json!({"position": "top_right"})),
            ("centered", json!({"position": "centre"})),
            ("снизу, отступ 10%", json!({"position": "bottom", "margin": {"bottom": 10}})),
            ("снизу 10%", json!({"position": "bottom", "margin": {"bottom": 10}})),
            ("10% от низа", json!({"position": "bottom", "margin": {"bottom": 10}})),
            ("отступ сверху 7 процентов", json!({"position": "top", "margin": {"top": 7}})),
            (
                "по центру, отступ слева и справа 15%",
                json!({"position": "centre", "margin": {"left": 15, "right": 15}}),
            ),
            (
                "в правом нижнем углу, отступ 3%",
                json!({"position": "bottom_right", "margin": {"bottom": 3, "right": 3}}),
            ),
            ("bottom, 12% from the bottom", json!({"position": "bottom", "margin": {"bottom": 12}})),
            ("top with 8% margin", json!({"position": "top", "margin": {"top": 8}})),
            ("снизу без отступа", json!({"position": "bottom", "margin": {"bottom": 0}})),
            ("выравнивание по левому краю", json!({"align": "left"})),
            ("снизу по центру, выровнять вправо", json!({"position": "bottom", "align": "right"})),
            ("align left", json!({"align": "left"})),
            ("прижать к правому краю", json!({"position": "right"})),
        ][..25],
    );
}

#[test]
fn s2_059_colours() {
    let ink = |colour: &str| json!({"ink": colour});
    check(&[
        ("белым", ink("#ffffff")),
        ("белый текст", ink("#ffffff")),
        ("чёрными буквами", ink("#000000")),
        ("желтый цвет", ink("#ffeb3b")),
        ("цвет текста — синий", ink("#1e58e5")),
        ("надпись зелёного цвета", ink("#43a047")),
        ("золотистые буквы", ink("#ffd700")),
        ("розовую надпись", ink("#ff69b4")),
        ("#ff8800", ink("#ff8800")),
        ("text color #0af", ink("#00aaff")),
        ("тёмно-синий текст", ink("#0d1b4c")),
        ("yellow", ink("#ffeb3b")),
        ("white letters", ink("#ffffff")),
        ("контрастный цвет", json!({"ink": null})),
        ("цвет автоматически", json!({"ink": null})),
    ]);
    assert_ne!(parse("light blue text").style.ink, parse("blue text").style.ink);
    assert!(parse("светло-зелёный").left_over.is_empty());
}

#[test]
fn s2_060_s2_061_plates() {
    check(&[
        ("без плашки", json!({"plate": {"on": false}})),
        ("плашку убери", json!({"plate": {"on": false}})),
        ("плашка не нужна", json!({"plate": {"on": false}})),
        ("no background", json!({"plate": {"on": false}})),
        ("without plate, white text", json!({"plate": {"on": false}, "ink": "#ffffff"})),
        (
            "белым текстом на чёрной полупрозрачной плашке",
            json!({"ink": "#ffffff", "plate": {"on": true, "colour": "#000000", "opacity_percent": 50}}),
        ),
        (
            "текст красный на белой плашке",
            json!({"ink": "#e53935", "plate": {"on": true, "colour": "#ffffff"}}),
        ),
        ("плашка белая, текст чёрный", json!({"ink": "#000000", "plate": {"on": true, "colour": "#ffffff"}})),
        ("плашка белая текст чёрный", json!({"ink": "#000000", "plate": {"on": true, "colour": "#ffffff"}})),
        ("белый текст чёрная плашка", json!({"ink": "#ffffff", "plate": {"on": true, "colour": "#000000"}})),
        ("синяя подложка 70%", json!({"plate": {"on": true, "colour": "#1e58e5", "opacity_percent": 70}})),
        ("плашка, непрозрачность 80%", json!({"plate": {"on": true, "opacity_percent": 80}})),
        ("плашка с прозрачностью 30%", json!({"plate": {"on": true, "opacity_percent": 70}})),
        ("плашка прозрачная на 20%", json!({"plate": {"on": true, "opacity_percent": 80}})),
        (
            "сплошная чёрная плашка",
            json!({"plate": {"on": true, "colour": "#000000", "opacity_percent": 100}}),
        ),
        ("фон с размытием", json!({"plate": {"on": true, "blur_px": 12}})),
        ("матовое стекло", json!({"plate": {"on": true, "blur_px": 12}})),
        ("радиус 5", json!({"plate": {"on": true, "blur_px": 5}})),
        ("размытие 8px", json!({"plate": {"on": true, "blur_px": 8}})),
        ("белая плашка без размытия", json!({"plate": {"on": true, "colour": "#ffffff", "blur_px": 0}})),
        ("скруглённая плашка, радиус 20", json!({"plate": {"on": true, "radius_px": 20}})),
        ("плашка с радиусом скругления 16px", json!({"plate": {"on": true, "radius_px": 16}})),
        ("плашка без скругления", json!({"plate": {"on": true, "radius_px": 0}})),
        ("прямоугольная плашка", json!({"plate": {"on": true, "radius_px": 0}})),
        (
            "black plate 50% opacity, blur 10",
            json!({"plate": {"on": true, "colour": "#000000", "opacity_percent": 50, "blur_px": 10}}),
        ),
        (
            "white text on a semi-transparent black background",
            json!({"ink": "#ffffff", "plate": {"on": true, "colour": "#000000", "opacity_percent": 50}}),
        ),
        (
            "frosted glass plate, corner radius 24",
            json!({"plate": {"on": true, "blur_px": 12, "radius_px": 24}}),
        ),
    ]);
}

#[test]
fn s2_055_fonts_outlines_shadows_and_all_together() {
    check(&[
        ("рукописным шрифтом", json!({"font": "caveat"})),
        ("шрифт с засечками", json!({"font": "playfair"})),
        ("шрифт Lobster 80px", json!({"font": "lobster", "size": {"px": 80}})),
        ("узкий шрифт", json!({"font": "oswald"})),
        ("sans serif font", json!({"font": "golos"})),
        ("тонкий Inter", json!({"bold": false, "font": "inter"})),
        ("жирный текст", json!({"bold": true})),
        ("с обводкой", json!({"outline": {"on": true}})),
        ("чёрная обводка 3px", json!({"outline": {"on": true, "colour": "#000000", "width_px": 3}})),
        (
            "белый текст с чёрной обводкой",
            json!({"ink": "#ffffff", "outline": {"on": true, "colour": "#000000"}}),
        ),
        ("без тени и обводки", json!({"shadow": {"on": false}, "outline": {"on": false}})),
        ("без плашки, с тенью", json!({"plate": {"on": false}, "shadow": {"on": true}})),
        ("без плашки с тенью", json!({"plate": {"on": false}, "shadow": {"on": true}})),
        ("межстрочный интервал 1.5", json!({"line_spacing_percent": 150})),
        ("line spacing 140%", json!({"line_spacing_percent": 140})),
        (
            "bottom left, yellow, outline",
            json!({"position": "bottom_left", "ink": "#ffeb3b", "outline": {"on": true}}),
        ),
        (
            "48px bold Inter, white text on black plate, bottom right with 10% margin",
            json!({"size": {"px": 48}, "bold": true, "font": "inter", "ink": "#ffffff", "plate": {"on": true, "colour": "#000000"},
                "position": "bottom_right", "margin": {"bottom": 10, "right": 10}}),
        ),
        (
            "Сделай крупно, жёлтым, сверху; плашка чёрная 40%, размытие 6",
            json!({"size": "large", "ink": "#ffeb3b", "position": "top",
                "plate": {"on": true, "colour": "#000000", "opacity_percent": 40, "blur_px": 6}}),
        ),
        (
            "КРУПНЫЙ БЕЛЫЙ ТЕКСТ ПО ЦЕНТРУ БЕЗ ПЛАШКИ",
            json!({"size": "large", "ink": "#ffffff", "position": "centre", "plate": {"on": false}}),
        ),
    ]);
}

#[test]
fn s2_064_wishes_as_people_write_them() {
    check(&[
        ("прозрачность плашки 40%", json!({"plate": {"on": true, "opacity_percent": 60}})),
        (
            "black plate 30% transparency",
            json!({"plate": {"on": true, "colour": "#000000", "opacity_percent": 70}}),
        ),
        (
            "снизу плашка 50% отступ 10%",
            json!({"position": "bottom", "plate": {"on": true, "opacity_percent": 50}, "margin": {"bottom": 10}}),
        ),
        ("золотым по чёрному", json!({"ink": "#ffd700", "plate": {"on": true, "colour": "#000000"}})),
        (
            "белым на чёрном, снизу",
            json!({"ink": "#ffffff", "position": "bottom", "plate": {"on": true, "colour": "#000000"}}),
        ),
        (
            "Цвет: белый; Плашка: нет; Размер: 50",
            json!({"ink": "#ffffff", "plate": {"on": false}, "size": {"px": 50}}),
        ),
        (
            "Text: white. Background: black, 50%. Size: large. Position: top",
            json!({"ink": "#ffffff", "plate": {"on": true, "colour": "#000000", "opacity_percent": 50}, "size": "large", "position": "top"}),
        ),
        ("отступы по 8%", json!({"margin": {"top": 8, "right": 8, "bottom": 8, "left": 8}})),
        (
            "сделай плашку светлой и размой фон",
            json!({"plate": {"on": true, "colour": "#ffffff", "blur_px": 12}}),
        ),
        (
            "Белый жирный текст внизу на полупрозрачной чёрной подложке, отступ снизу 5%",
            json!({"ink": "#ffffff", "bold": true, "position": "bottom", "margin": {"bottom": 5},
                "plate": {"on": true, "colour": "#000000", "opacity_percent": 50}}),
        ),
        (
            "красными буквами сверху слева без фона",
            json!({"ink": "#e53935", "position": "top_left", "plate": {"on": false}}),
        ),
        (
            "плашка чёрная, прозрачность 70 процентов, скругление 20 пикселей",
            json!({"plate": {"on": true, "colour": "#000000", "opacity_percent": 30, "radius_px": 20}}),
        ),
        (
            "огромный красный текст в центре без плашки с белой обводкой 4px",
            json!({"size": "huge", "ink": "#e53935", "position": "centre", "plate": {"on": false},
                "outline": {"on": true, "colour": "#ffffff", "width_px": 4}}),
        ),
        (
            "радиус скругления 30, радиус размытия 8",
            json!({"plate": {"on": true, "radius_px": 30, "blur_px": 8}}),
        ),
        (
            "цвет текста #FFCC00, цвет плашки #202020",
            json!({"ink": "#ffcc00", "plate": {"on": true, "colour": "#202020"}}),
        ),
    ]);
}

#[test]
fn s2_064_what_is_not_understood_is_handed_back() {
    for (wish, changes, left_over) in [
        ("сделай празднично и нежно, крупно", json!({"size": "large"}), vec!["празднично и нежно"]),
        ("в стиле Бэнкси", json!({}), vec!["стиле Бэнкси"]),
        ("красный текст с котиками по краям", json!({"ink": "#e53935"}), vec!["котиками по краям"]),
        ("размер 99999", json!({}), vec!["99999"]),
        ("плашка 150%", json!({"plate": {"on": true}}), vec!["150%"]),
        ("отступ 20 px", json!({}), vec!["20 px"]),
        ("white text, neon glow!", json!({"ink": "#ffffff"}), vec!["neon glow"]),
        ("42", json!({}), vec!["42"]),
        ("полупрозрачный текст", json!({}), vec!["полупрозрачный"]),
    ] {
        let parsed = parse(wish);
        assert_eq!(
            (parsed.changes(), parsed.left_over),
            (changes, left_over.into_iter().map(str::to_owned).collect()),
            "{wish}"
        );
    }
}

#[test]
fn wishes_are_bounded() {
    let long = "крупный ".repeat(WISH_CHARS_MAX);
    let parsed = parse(&long);
    assert_eq!(parsed.style.size, Size::Large);
    assert_eq!(parsed.left_over.len(), 1);
    assert!(parsed.left_over[0].chars().count() <= WISH_CHARS_MAX);
    assert!(parse(&"абв, ".repeat(400)).left_over.len() <= 33);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_wish_gives_a_style_within_bounds(wish in "\\PC{0,200}") {
        let parsed = parse(&wish);
        prop_assert!(parsed.style.check().is_ok());
        prop_assert!(parsed.left_over.iter().all(|phrase| wish.contains(phrase.as_str())));
    }

    #[test]
    fn any_words_of_the_grammar_give_a_style_within_bounds(words in proptest::collection::vec(
        proptest::sample::select(vec!["белый", "плашка", "без", "с", "на", "50%", "10", "99999999999", "0.5", "радиус", "снизу",
            "отступ", "тень", "обводка", "размытие", ",", "прозрачность", "размер", "крупнее", "по", "краю", "#fff", "-", "%"]), 0..24)) {
        let parsed = parse(&words.join(" "));
        prop_assert!(parsed.style.check().is_ok());
        let changes = parsed.changes();
        for path in &parsed.decided {
            let pointer = format!("/{}", path.replace('.', "/"));
            prop_assert!(changes.pointer(&pointer).is_some(), "{}", path);
        }
    }
}
