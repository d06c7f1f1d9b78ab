//! Which composition a prompt asks for: words in Russian and English, and chance when they say nothing.

use super::dice::Dice;
use super::scene::Scene;
use crate::stems::has_stem;

/// What words call for what composition; the order breaks no ties, chance does.
const HINTS: [(Scene, &str); 12] = [
    (
        Scene::Network,
        "network neural neuro graph connect link arrow node =flow flowchart diagram pipeline =process \
         =processes workflow transformer molecul protocol internet =ai =ml =llm agent blockchain \
         algorithm logic api \
         сеть сети сетей сетев нейро =граф графы графов связ стрел узел узл схем поток =процесс процессы \
         процесса процессов алгоритм интернет протокол интеллект логик =ии блокчейн",
    ),
    (
        Scene::Blocks,
        "isometric architectur server datacenter data database storage cloud block module component \
         system stack cube factory warehouse engine infrastructure container cluster =gpu =cpu processor \
         chip circuit hardware robot conveyor \
         изометр архитект сервер данн баз хранил облак блок модул компонент систем куб завод склад \
         контейнер кластер процессор инфраструктур робот",
    ),
    (
        Scene::Orbits,
        "space planet orbit =star =stars galaxy atom universe astronaut rocket solar idea bulb energy \
         quantum physics time clock gravity \
         космос космич планет орбит звезд галакт атом вселен ракет солнечн иде энерг квант физик время \
         времен =час часы часов гравитац",
    ),
    (
        Scene::Weave,
        "textile fabric carpet weav pattern tradition ornament ethnic thread language folk diversity \
         ткан ковер текстил узор традици орнамент нить нити ниток язык народ фольклор",
    ),
    (
        Scene::City,
        "city town street skyline building skyscraper downtown urban house home office bank moscow paris \
         london york bridge road traffic tower temple castle ruin courthouse parliament gate station \
         train tram \
         город улиц небоскреб здани =дом дома домов офис банк москв париж лондон мост дорог столиц \
         квартал",
    ),
    (
        Scene::Waves,
        "ocean =sea =seas wave water river lake ship boat fish beach sail surf rain storm sound audio \
         music signal lighthouse \
         океан море моря морск волн вода воды воде водн водой река реки реке рекой озер корабл лодк рыб \
         пляж парус дожд шторм звук музык сигнал побереж",
    ),
    (
        Scene::Botanic,
        "plant flower leaf leaves garden botan nature grass herb fruit apple food vegetable bloom biolog \
         ecolog health medic =eco organic =spring =tea coffee \
         растен цветок цветк цветы цветов цветущ лист =сад сады саду ботан природ трава травы траве фрукт \
         яблок еда овощ биолог эколог здоров медиц весн чай кофе дерев",
    ),
    (
        Scene::Chart,
        "chart column statistic grow sales revenue profit econom finance market business budget analytics \
         metric kpi percent result report startup invest money coin ledger \
         диаграм график статистик рост продаж выруч прибыл эконом финанс рынок рынк бизнес бюджет \
         аналитик метрик процент результ отчет стартап инвест деньг",
    ),
    (
        Scene::People,
        "people person team portrait woman man girl boy child family =face =faces student pupil teacher \
         audience speaker user community leader crowd employee customer human =men women society meeting \
         люд человек команд портрет женщин мужчин девушк девочк парень мальчик ребен дети детей детск \
         семья семьи семей лицо лица студент учител пользовател сообществ лидер толп сотрудник клиент \
         обществ встреч",
    ),
    (
        Scene::Papercut,
        "history story dream book fairy legend myth tale cave depth mystery memory magic deep layer paper \
         истор сказк мечт =сон =сны книг легенд миф пещер глубин тайн памят маги слой слои слое слоист \
         бумаж",
    ),
    (
        Scene::Tiles,
        "design geometr abstract math bauhaus poster mosaic tile shape =art creative game puzzle grid \
         дизайн геометр абстракт математ баухаус плакат мозаик плитк форм искусств творч игр пазл сетк",
    ),
    (
        Scene::Hills,
        "mountain hill landscape sunset sunrise =sun =light morning forest desert travel valley horizon \
         field sky snow winter autumn camp journey path =cat =cats =dog =dogs animal bird fox \
         гора горы горн горах холм пейзаж закат рассвет солнц свет утро утра утренн =лес леса лесу лесн \
         пустын путешеств долин горизонт поле поля небо неба снег зим осен поход путь =кот кота коты \
         котен кошк собак живот птиц =лис лиса лисы лисиц",
    ),
];

/// The composition with most words for it, early words counting more; by chance among equals and without any.
pub(super) fn scene(words: &[String], dice: &mut Dice) -> Scene {
    let score = |stems: &str| -> usize {
        let found = words.iter().enumerate().filter(|(_, word)| has_stem(word, stems));
        let weight = |place: usize| match place {
            0..4 => 4,
            4..16 => 2,
            _ => 1,
        };
        found.map(|(place, _)| weight(place)).sum()
    };
    let best = HINTS.iter().map(|(_, stems)| score(stems)).max().unwrap_or(0);
    let even: Vec<Scene> =
        HINTS.iter().filter(|(_, stems)| score(stems) == best).map(|(scene, _)| *scene).collect();
    dice.pick(&even)
}
