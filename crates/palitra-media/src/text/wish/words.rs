//! What words mean: nouns, properties, colours, sizes, places and small words, by their stems, in Russian and English.

use super::super::colour::Colour;
use super::super::style::{Font, Size};
use super::token::{Token, What};

/// What a word may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// What a property belongs to.
    Thing(Thing),
    /// What a number is about.
    Property(Property),
    Colour(Colour),
    /// Light and dark by themselves.
    Automatic,
    Size(Size),
    Bigger,
    Smaller,
    Place(Place),
    Bold,
    Thin,
    Font(Font),
    /// Of alignment: "по левому краю", "align".
    Edge,
    HalfTransparent,
    Transparent,
    Solid,
    Blurred,
    Rounded,
    /// "углы", "corner": of a radius that of the plate's corners, else of a place.
    Corner,
    Square,
    /// "без", "no".
    Without,
    /// "с", "на", "with": what follows is something else.
    With,
    /// The same as nothing: "сделай", "пожалуйста", "the".
    Filler,
    /// "и", "and".
    And,
    /// The whole wish is for the defaults.
    Defaults,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    Text,
    Plate,
    Outline,
    Shadow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    Size,
    Radius,
    Opacity,
    Transparency,
    Margin,
    Spacing,
    Width,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    Bottom,
    Left,
    Right,
    Middle,
}

/// Beginnings of words; with `=` the whole word. The first that fits counts.
const STEMS: &[(Word, &str)] = &[
    (
        Word::Thing(Thing::Plate),
        "плашк плашек подложк подклад плаш= панел стекл plate backdrop background box= panel banner бэкграунд бекграунд фон= фона= фоне= фоном= фону= фоновая фоновый фоновой фонов прямоугольник rectangle",
    ),
    (Word::Thing(Thing::Outline), "обвод контур окантов кант= кантом= канта= outline stroke border бордюр"),
    (Word::Thing(Thing::Shadow), "тень= тени= тенью= теней= тенями= тенюшк shadow drop-shadow"),
    (
        Word::Thing(Thing::Text),
        "текст надпис букв шрифт слова= словами= подпис лозунг заголов text caption letter lettering font= title",
    ),
    (Word::Property(Property::Size), "размер кегл size height= высот"),
    (Word::Property(Property::Radius), "радиус radius"),
    (Word::Property(Property::Opacity), "непрозрачност opacity заливк"),
    (Word::Property(Property::Transparency), "прозрачност transparency"),
    (
        Word::Property(Property::Margin),
        "отступ расстоян поля= полями= полей= поле= margin padding offset distance indent away=",
    ),
    (
        Word::Property(Property::Spacing),
        "межстрочн межстрочечн интервал интерлиньяж line-spacing line-height leading= spacing",
    ),
    (Word::Property(Property::Width), "толщин ширин width= thickness"),
    (
        Word::HalfTransparent,
        "полупрозрачн полу-прозрачн semi-transparent semitransparent translucent half-transparent",
    ),
    (Word::Solid, "непрозрачн сплошн глух= глухая= глухой= opaque= solid="),
    (Word::Transparent, "прозрачн transparent see-through"),
    (
        Word::Blurred,
        "размыт размыв размыл размой= блюр заблюр блер blur матов стеклянн frosted glass= замылен",
    ),
    (Word::Rounded, "скругл закругл округл rounded round="),
    (Word::Corner, "угол= углу= угла= углы= углов= углом= углами= уголок= corner"),
    (Word::Square, "прямоугольн острые= острыми= прямые= прямыми= square"),
    (Word::Bigger, "крупнее= крупней= покрупн больше= побольше= увелич bigger= larger="),
    (Word::Smaller, "мельче= помельч меньше= поменьше= уменьш smaller= tinier="),
    (Word::Size(Size::Small), "маленьк мелк мален= маленько= small tiny little="),
    (Word::Size(Size::Medium), "средн medium"),
    (Word::Size(Size::Normal), "обычн нормальн стандартн normal regular-size"),
    (
        Word::Size(Size::Large),
        "крупн больш= большой= большая= большие= большим= большими= большую= большого= большое= large big=",
    ),
    (Word::Size(Size::Huge), "огромн гигантск здоровенн huge giant enormous"),
    (Word::Place(Place::Top), "сверху= вверх наверх верх= верха= верхн верху= кверху= top upper="),
    (Word::Place(Place::Bottom), "снизу= вниз внизу= низ= низа= низу= нижн книзу= bottom= lower= below="),
    (
        Word::Place(Place::Left),
        "слева= влево= налево= лев= левый= левом= левая= левого= левой= левому= левую= left=",
    ),
    (
        Word::Place(Place::Right),
        "справа= вправо= направо= правый= правом= правая= правого= правой= правому= правую= right=",
    ),
    (Word::Place(Place::Middle), "центр середин посередин посреди center centre middle"),
    (Word::Bold, "жирн полужирн bold heavy"),
    (Word::Thin, "тонк нежирн light= thin= regular="),
    (Word::Font(Font::Golos), "golos голос= sans= sans-serif= гротеск рублен"),
    (Word::Font(Font::Inter), "inter= интер="),
    (Word::Font(Font::Oswald), "oswald освальд узк condensed narrow плакатн"),
    (Word::Font(Font::Caveat), "caveat рукопис handwrit script="),
    (Word::Font(Font::Lobster), "lobster лобстер каллиграф ретро retro винтаж vintage"),
    (Word::Font(Font::Playfair), "playfair плейфер плейфэр антикв serif= засечк"),
    (Word::Edge, "край= краю= края= выровн выравн align justif aligned="),
    (Word::Automatic, "контрастн автоматич авто= auto= automatic contrast"),
    (Word::Colour(Colour::BLACK), "темн dark="),
    (Word::Colour(Colour::WHITE), "светл"),
    (Word::Defaults, "умолчанию= skip= default= defaults="),
    (
        Word::Without,
        "без= нет= убери убрать= убирай= удали отключ выключ никак no= without= remove= off= none=",
    ),
    (Word::With, "с= со= на= под= поверх= with= on= over= в= in= во= at="),
    (Word::And, "и= and= &= плюс= plus="),
    (
        Word::Filler,
        "a= an= the= of= to= from= by= is= it= be= my= me= as= please= pls= make= put= set= use= want= i= add= place= want= по= от= до= у= к= за= над= из= для= чтобы= что= а= но= же= бы= это= его= ее= их= мне= мой= мою= цвет= цвета= цветом= цвете= color= colour= coloured= colored= сделай= сделайте= сделать= поставь= поставьте= добавь= добавьте= хочу= хотелось= нужен= нужна= нужно= нужны= надо= пожалуйста= плз= пусть= будет= буд= весь= всё= все= картинк изображен фото= picture= image= photo= чуть= немного= немножко= слегка= очень= very= slightly= bit= little= какой какая написа расположи размест помест степен уровен уровн level= стиль= style= эффект= эффектом= effect= начертан вес= weight= должен= должна= должно= должны= edge= edges= side= сторон area= часть= части= да= yes= позици расположени местоположени position= positioned= placed= located=",
    ),
];

/// Words that mean something only together, by their folded forms.
const PAIRS: &[(&str, &str, Word)] = &[
    ("без", "засечек", Word::Font(Font::Golos)),
    ("sans", "serif", Word::Font(Font::Golos)),
    ("от", "руки", Word::Font(Font::Caveat)),
    ("hand", "written", Word::Font(Font::Caveat)),
    ("line", "spacing", Word::Property(Property::Spacing)),
    ("line", "height", Word::Property(Property::Spacing)),
    ("между", "строк", Word::Property(Property::Spacing)),
    ("между", "строками", Word::Property(Property::Spacing)),
    ("drop", "shadow", Word::Thing(Thing::Shadow)),
    ("semi", "transparent", Word::HalfTransparent),
    ("half", "transparent", Word::HalfTransparent),
    ("extra", "large", Word::Size(Size::Huge)),
    ("very", "large", Word::Size(Size::Huge)),
    ("очень", "крупный", Word::Size(Size::Huge)),
    ("очень", "крупно", Word::Size(Size::Huge)),
    ("очень", "большой", Word::Size(Size::Huge)),
    ("не", "нужна", Word::Without),
    ("не", "нужен", Word::Without),
    ("не", "нужно", Word::Without),
    ("не", "нужны", Word::Without),
    ("не", "надо", Word::Without),
    ("turn", "off", Word::Without),
];

/// Lower case, without the dots of `ё`, with one kind of hyphen.
pub(super) fn folded(word: &str) -> String {
    word.to_lowercase().replace('ё', "е").replace("е\u{308}", "е").replace("и\u{306}", "й").replace('‑', "-")
}

/// What one word means by itself.
pub(super) fn what(word: &str) -> What {
    let folded = folded(word);
    if let Some(colour) = Colour::named(&folded) {
        return What::Word(Word::Colour(colour));
    }
    let fits = |stem: &str| match stem.strip_suffix('=') {
        Some(whole) => folded == whole,
        None => folded.starts_with(stem),
    };
    let known = STEMS.iter().find(|(_, stems)| stems.split(' ').any(fits));
    known.map_or(What::Unknown, |(word, _)| What::Word(*word))
}

/// Makes one of words that mean something only together: [`PAIRS`], and a shade before a colour.
pub(super) fn joined(wish: &str, tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let second = folded(&wish[token.from..token.to]);
        let pair = joined.last().and_then(|before| {
            let first = folded(&wish[before.from..before.to]);
            let pair = PAIRS.iter().find(|(one, other, _)| *one == first && *other == second);
            let shade = || Colour::named(&format!("{first}-{second}")).map(Word::Colour);
            pair.map(|(.., word)| *word).or_else(shade)
        });
        match (pair, joined.last_mut()) {
            (Some(word), Some(before)) => {
                before.to = token.to;
                before.what = What::Word(word);
            }
            _ => joined.push(token),
        }
    }
    joined
}
