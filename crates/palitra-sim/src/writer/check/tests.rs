//! Contradictions that are found, and what looks like one.

use super::*;

#[test]
fn s2_020_contradictions_are_found() {
    let cases = [
        ("день и ночь", "время суток"),
        ("Ночной город в солнечный день", "время суток"),
        ("рассвет над морем, поздний вечер", "утро и вечер"),
        ("летний луг, сугробы снега", "время года"),
        ("Зима и лето одновременно", "время года"),
        ("девушка в комнате, на улице", "место действия"),
        ("внутри дома, снаружи", "место действия"),
        ("молодой старик", "возраст"),
        ("старая, но молодая женщина", "возраст"),
        ("жаркий и холодный ветер", "погода"),
        ("пустая площадь, толпа людей", "пустое"),
        ("чёрно-белый разноцветный плакат", "без цвета"),
        ("улыбается и плачет", "выражение"),
        ("day and night", "one time of day"),
        ("a summer meadow covered with snow", "one season"),
        ("indoor portrait, outdoor", "inside or outside"),
        ("a young old man", "one age"),
        ("sunrise, late evening", "morning and evening"),
        ("an empty street with a crowd", "empty or full"),
    ];
    for (wish, part) in cases {
        let found = contradictions(wish);
        assert_eq!(found.len(), 1, "{wish}: {found:?}");
        assert!(found[0].contains(part), "{wish}: {found:?}");
        assert_eq!(has_cyrillic(&found[0]), has_cyrillic(wish));
    }
    assert_eq!(contradictions("день и ночь, зима и лето").len(), 2);
}

#[test]
fn what_only_looks_like_a_contradiction_is_none() {
    for wish in [
        "",
        "кот на окне",
        "старый дом и молодая девушка",
        "бабушка с внуком, ребёнок у старого дерева",
        "ночь без снега, лето",
        "зимний вечер",
        "25-летняя девушка на снегу",
        "не день, а ночь",
        "человек в пустыне и толпа верблюдов",
        "a holiday at night",
        "an old tree and a young girl",
    ] {
        assert_eq!(contradictions(wish), [""; 0], "{wish}");
    }
}

#[test]
fn of_two_sides_the_first_stays() {
    let cases = [
        ("день и ночь в лесу", "день в лесу"),
        ("молодая старая женщина", "молодая женщина"),
        ("летний луг, снег", "летний луг"),
        ("A summer day with snow at night", "A summer day"),
        ("кот", "кот"),
        ("чёрно-белый разноцветный плакат", "чёрно-белый плакат"),
        ("ночь, день", "ночь"),
    ];
    for (wish, settled) in cases {
        assert_eq!(super::settled(wish), settled, "{wish}");
    }
}
