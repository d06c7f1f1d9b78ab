//! What Russian wishes become in English.

use super::*;
use proptest::prelude::*;

/// Wishes and how they read.
const WISHES: [(&str, &str); 44] = [
    ("красивая девушка на пляже", "a beautiful girl on the beach"),
    ("Кот сидит на окне и смотрит на дождь", "A cat sitting on the window and looking at the rain"),
    ("Старый маяк на скале, закат над морем", "An old lighthouse on the cliff, a sunset above the sea"),
    ("Две собаки играют в парке осенью", "Two dogs playing in the park in autumn"),
    ("Сделай фон синим", "Make the background blue"),
    ("Убери человека с фона", "Remove the person from the background"),
    ("Добавь красный шар в руку девочки", "Add a red balloon in the hand of the girl"),
    ("Портрет пожилого рыбака с бородой", "A portrait of an elderly fisherman with a beard"),
    ("Зимний лес, снег на ветках, туман", "A winter forest, snow on branches, fog"),
    ("Ночной город в неоновом свете, мокрая улица", "A night city in neon light, a wet street"),
    ("Космонавт на белой лошади в пустыне", "An astronaut on a white horse in the desert"),
    ("Чашка кофе на деревянном столе, утренний свет", "A cup of coffee on a wooden table, morning light"),
    ("Букет цветов в стеклянной вазе", "A bouquet of flowers in a glass vase"),
    ("Дракон летит над замком", "A dragon flying above the castle"),
    ("Дети строят снеговика во дворе", "Children building a snowman in the courtyard"),
    ("Акварельный рисунок горного озера", "A watercolour drawing of a mountain lake"),
    (
        "Фотореалистичный портрет молодой женщины в красном платье",
        "A photorealistic portrait of a young woman in a red dress",
    ),
    ("Рыжий кот спит на диване", "A ginger cat sleeping on the sofa"),
    ("Поезд едет по мосту через реку", "A train riding along the bridge through the river"),
    ("Замени небо на звёздное", "Replace the sky with starry"),
    ("Напиши «Привет, мир» на плакате", "Write «Privet, mir» on the poster"),
    ("Логотип для кафе в стиле минимализм", "A logo for a cafe in the style of minimalism"),
    ("Золотые листья падают на скамейку", "Golden leaves falling on the bench"),
    ("Балерина танцует на сцене театра", "A ballerina dancing on the scene of the theatre"),
    ("Уютная комната с большим окном и книжными полками", "A cosy room with a big window and book shelves"),
    ("Много птиц над полем подсолнухов", "Many birds above the field of sunflowers"),
    ("Робот держит цветок в руке", "A robot holding a flower in the hand"),
    ("Маша и Медведь в лесу", "Masha and a bear in the forest"),
    ("Новый год: ёлка, подарки и гирлянды", "New Year: a fir tree, gifts and garlands"),
    ("Северное сияние над снежными горами", "Northern lights above snowy mountains"),
    ("Вид сверху на старый город с красными крышами", "View from above on an old city with red roofs"),
    ("Бабушка печёт пирог на кухне", "A grandmother baking a pie in the kitchen"),
    ("Объедини эти фотографии в одну сцену", "Merge these photographs in one scene"),
    ("Лодка на берегу океана во время шторма", "A boat on the shore of the ocean during the storm"),
    ("Чёрно-белый снимок улицы в дождливый день", "A black-and-white shot of the street in a rainy day"),
    ("Еда: пицца, салат и бокал вина", "Food: pizza, a salad and a glass of wine"),
    ("Киберпанк, робот-самурай под дождём", "Cyberpunk, a robot-samurai under the rain"),
    ("Перекрась машину в зелёный цвет", "Recolour the car in a green colour"),
    ("Улучши лицо, осветли глаза", "Improve the face, brighten eyes"),
    ("Маленький ёжик несёт яблоко", "A small hedgehog carrying an apple"),
    ("Корабль в бутылке. Корабль!", "A ship in the bottle. A ship!"),
    ("без людей\nи без машин", "without people\nand without cars"),
    ("Щука по-щучьи в Transformer 3D", "Shchuka along-shchuchi in Transformer 3D"),
    ("ъ", "a picture"),
];

#[test]
fn s2_007_wishes_read_like_prompts() {
    let wrong: Vec<String> = WISHES
        .iter()
        .map(|(wish, english)| (translate(wish), *english))
        .filter(|(is, should)| is != should || has_cyrillic(is))
        .map(|(is, should)| format!("is     {is}\nshould {should}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn english_stays_byte_for_byte() {
    for text in ["", "a cat, 1 dog;  two   spaces\n\t— «quoted» 🎉", "Ünïcode 日本語"] {
        assert_eq!(translate(text), text);
    }
}

#[test]
fn the_dictionary_can_be_read_both_ways() {
    let lines: Vec<_> = lexicon::lines().collect();
    assert!(lines.len() > 900, "{}", lines.len());
    for (kind, forms, english) in &lines {
        assert!("nutavijpqdsw".contains(*kind), "{forms}");
        assert!(!has_cyrillic(english) && !english.trim().is_empty(), "{english}");
        assert!(has_cyrillic(forms) && !forms.contains(['ё', '=']) || forms.contains("=="), "{forms}");
        // Every dictionary form is found, whichever line it is found by.
        let form = forms.split(',').next().unwrap().trim_start_matches(['+', '=']);
        if "nuta".contains(*kind) {
            assert!(Lexicon::get().word(form).is_some(), "{form}");
        }
    }
    assert_eq!(russian("lighthouse"), Some("маяк"));
    assert_eq!(russian("wolves"), Some("волк"));
    assert_eq!(russian("qwerty"), None);
}

proptest! {
    #[test]
    fn s0_02_no_cyrillic_survives(text in "[\u{400}-\u{52f}\u{1c80}-\u{1c88}\u{2de0}-\u{2dff}\u{a640}-\u{a69f} a-z«»,.-]{1,80}") {
        let english = translate(&text);
        prop_assert!(!has_cyrillic(&english), "{english}");
        prop_assert!(!english.is_empty());
        prop_assert_eq!(translate(&text), english);
    }

    #[test]
    fn any_text_is_translated(text in "\\PC{1,120}") {
        let english = translate(&text);
        prop_assert!(!english.is_empty() && !has_cyrillic(&english));
    }
}
