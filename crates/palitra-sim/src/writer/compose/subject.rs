//! What a wish is about: kind of subject, place, time of day and style, found by stems; and what of it describes who somebody is.

use crate::stems::{has_stem, words};

/// Kinds, places, times and styles, each with its stems; the last of each is taken when nothing is said.
macro_rules! topics {
    ($(#[$about:meta] $name:ident { $($variant:ident = $stems:literal,)* })*) => {$(
        #[$about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $name { $($variant,)* }

        impl $name {
            const ALL: &'static [($name, &'static str)] = &[$(($name::$variant, $stems),)*];

            /// Its place in a table of phrases.
            pub(super) fn index(self) -> usize {
                Self::ALL.iter().position(|(other, _)| *other == self).unwrap_or(0)
            }

            /// The one that is named first.
            fn named(words: &[String]) -> Option<$name> {
                words.iter().find_map(|word| {
                    Self::ALL.iter().find(|(_, stems)| !stems.is_empty() && has_stem(word, stems)).map(|(one, _)| *one)
                })
            }
        }
    )*};
}

topics! {
    /// What is in the middle of the picture.
    Kind {
        Person = "девушк девоч женщин мужчин парень =парня мальчик ребен =дети детей детск малыш младен челове =люди людей портрет бабушк дедушк старик старуш мама =папа семь друзь невест жених корол принцес рыцар воин ведьм =фея космонавт астронавт художни музыкант танцор танцовщ балерин певиц рыбак моряк =она =он самура girl woman =man =men =boy boys child people person portrait mother father family bride king queen knight dancer astronaut fisherman =she =he",
        Animal = "=кот =кота =коты =коту кошк котен собак щен =пес лошад =конь =коня коров кролик заяц зайц =лис лиса лису лисы лисиц волк медвед панд тигр =лев =льва слон жираф олен белк =еж ежик мыш птиц =сова сову совы орел ворон лебед пингвин попуга рыбк =рыба акул =кит =кита дельфин черепах дракон единорог динозавр животн =cat =cats kitten =dog =dogs puppy horse rabbit =fox =foxes wolf bear panda tiger lion elephant deer squirrel bird =owl eagle penguin dolphin dragon unicorn animal",
        Landscape = "пейзаж =гора =горы горах горн море =моря океан озер =река =реки водопад =лес =леса лесу лесн =поле =поля долин пустын остров побереж берег пляж закат рассвет =небо облак водопад вулкан горизонт =сад =саду =парк landscape mountain =sea ocean lake river forest valley desert island beach sunset sunrise =sky waterfall",
        Building = "город улиц =дом =дома домик здани небоскреб замок замк дворец башн храм церк собор крепост мост маяк вокзал комнат интерьер кухн кафе city street house building skyscraper castle palace tower temple church bridge lighthouse room interior kitchen",
        Thing = "",
    }

    /// Where it is.
    Place {
        Sea = "море =моря морск океан пляж берег побереж волн остров парус корабл лодк яхт маяк =sea ocean beach shore coast wave island ship boat lighthouse",
        Mountains = "=гора =горы =гор горах горн вершин скал долин вулкан mountain peak cliff valley volcano",
        Forest = "=лес =леса =лесу лесн рощ джунгл дерев чащ тропин forest grove jungle wood tree",
        Garden = "=сад =сада =саду =парк =парке =парка цвет луг =поле =поля ромаш подсолнух garden park flower meadow field",
        City = "город улиц площад небоскреб мост кафе вокзал двор city street square skyscraper bridge cafe",
        Room = "комнат интерьер кухн спальн гостин =дома офис студи библиотек музе кабинет =стол =столе диван =окно =окне room interior kitchen bedroom office studio library museum =table sofa window",
        Space = "космос космич планет галакт звезд орбит =space planet galaxy =star =stars orbit",
        Plain = "",
    }

    /// When it is.
    Time {
        Morning = "утро утра утрен рассвет восход morning sunrise dawn",
        Day = "=день =днем дневн полдень полуд солнечн =day daytime =noon sunny",
        Evening = "вечер закат сумер evening sunset dusk",
        Night = "=ночь =ночи =ночью ночн полноч лунн звездн night midnight moonlit starry",
        Unsaid = "",
    }

    /// How it is made.
    Style {
        Photograph = "фото снимок снимк реалист кадр photo realis",
        Illustration = "иллюстрац рисун мульт плакат постер вектор illustrat drawing cartoon poster vector",
        Watercolour = "акварел watercolo",
        Oil = "маслом масло живопис холст импрессион =oil painting impressionis",
        Anime = "аниме манг anime manga",
        Volume = "3d =3д объемн рендер пластилин render clay",
    }
}

impl Style {
    /// The two that suit everything.
    pub(super) fn by(number: usize) -> Style {
        if number == 0 { Style::Photograph } else { Style::Illustration }
    }
}

pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) time: Time,
    pub(super) style: Option<Style>,
}

impl Subject {
    pub(super) fn of(wish: &str) -> Subject {
        let words = words(wish);
        Subject {
            kind: Kind::named(&words).unwrap_or(Kind::Thing),
            place: Place::named(&words).unwrap_or(Place::Plain),
            time: Time::named(&words).unwrap_or(Time::Unsaid),
            style: Style::named(&words),
        }
    }
}

/// What describes who somebody is, not what happens: face, hair, age, figure.
const IDENTITY: &str = "волос кудр причес блондин брюнет шатен рыж глаз =лицо =лица лицом губ =нос =носом брови бровей ресниц кожа кожи кожей смугл веснуш бород усат усами возраст молод юн стар пожил красив симпатич стройн худ полн лысы hair blond brunet redhead eyes eyed =face faced =lips =nose eyebrow eyelash skin freckle beard mustache moustache aged young =old elderly beautiful pretty handsome slim";

/// The wish without words that describe who somebody is (S2-023).
pub(super) fn without_identity(wish: &str) -> String {
    let kept: Vec<&str> =
        wish.split(' ').filter(|word| !words(word).iter().any(|word| has_stem(word, IDENTITY))).collect();
    // Small words that joined what is gone go too.
    let small = |word: &&str| matches!(word.to_lowercase().as_str(), "и" | "с" | "со" | "and" | "with");
    let mut text: Vec<&str> = Vec::new();
    for (at, word) in kept.iter().enumerate() {
        let next = kept.get(at + 1);
        if small(word) && (next.is_none() || next.is_some_and(small)) {
            continue;
        }
        text.push(word);
    }
    text.join(" ").trim_matches(|c: char| c.is_whitespace() || c == ',').to_owned()
}

/// For tests: whether a text describes who somebody is.
#[cfg(test)]
pub(super) fn has_identity(text: &str) -> Option<String> {
    words(text).into_iter().find(|word| has_stem(word, IDENTITY))
}
