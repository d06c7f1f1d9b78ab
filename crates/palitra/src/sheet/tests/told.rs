//! What the page says: kinds of slides, reasons, totals, both languages, small and large decks.

use super::{super::contact_sheet, *};
use palitra_domain::i18n::Lang;

/// The part of the page that belongs to one slide of the grid.
fn card(page: &str, number: u32) -> &str {
    let from = page.find(&format!("id=\"slide-{number}\"")).expect("a card");
    &page[from..from + page[from..].find("</li>").expect("its end")]
}

#[test]
fn every_kind_of_slide_is_told_in_both_languages() {
    let said = [
        (Lang::Ru, 2, "взято готовым", ""),
        (
            Lang::Ru,
            3,
            "не получилось",
            "на рынке fal кончились деньги или счёт закрыт; с вас ничего не списано",
        ),
        (Lang::Ru, 4, "пропущено", "запуск остановлен раньше"),
        (Lang::Ru, 5, "отменено", "отменено"),
        (Lang::Ru, 6, "ещё не готово", "ещё не готово"),
        (Lang::En, 2, "reused", ""),
        (Lang::En, 3, "failed", "market fal is out of credit or locked; you were not charged"),
        (Lang::En, 4, "skipped", "the run was stopped before"),
        (Lang::En, 5, "cancelled", "cancelled"),
        (Lang::En, 6, "not ready yet", "not ready yet"),
    ];
    for (lang, number, badge, reason) in said {
        let page = contact_sheet(&every_kind(), &ABOUT, lang);
        let card = card(&page, number);
        assert!(card.contains(&format!("<span class=\"badge\">{badge}</span>")), "{card}");
        assert_eq!(card.contains("<img"), reason.is_empty(), "{card}");
        assert!(card.contains(reason), "{card}");
        assert!(page.contains(&format!("<span>{badge}</span> <b>1</b>")), "legend: {badge}");
    }
    let page = contact_sheet(&every_kind(), &ABOUT, Lang::En);
    assert!(
        !card(&page, 1).contains("badge") && card(&page, 1).contains("9.50 ₽"),
        "a new one shows its price"
    );
}

#[test]
fn every_error_is_said_in_words_in_both_languages() {
    for code in ErrorCode::ALL {
        for lang in Lang::ALL {
            let mut failed = report(vec![without_picture(1, StepStatus::Failed, *code), slide(2)]);
            failed.error = Some(ErrorCode::GateFailed).filter(|gate| gate != code);
            failed.status = BatchState::Failed;
            let page = contact_sheet(&failed, &ABOUT, lang);
            for key in ["sheet-", "error-", "hint-", "{$", "{ $", "gate_failed"] {
                assert!(!page.contains(key), "{code} in {lang:?}: {key}");
            }
            // A setting that a hint names may begin with the code's name.
            let mut named = page.match_indices(code.name()).map(|(at, name)| &page[at + name.len()..]);
            let plain = code.name().contains('_') && named.any(|rest| !rest.starts_with('_'));
            assert!(!plain, "{code} in {lang:?} is not said in words");
            let lead = ["запуск не удался: готово 1 из 2", "the run failed: 1 of 2 ready"];
            let is_said = page.contains(lead[usize::from(lang == Lang::En)]);
            assert_eq!(is_said, failed.error.is_some(), "{code} in {lang:?}");
        }
    }
}

#[test]
fn the_header_says_what_the_deck_cost() {
    let page = contact_sheet(&every_kind(), &ABOUT, Lang::Ru);
    for total in [
        "<dt>слайдов</dt><dd>6</dd>",
        "<dt>готово</dt><dd>2</dd>",
        "<dt>заплачено</dt><dd>1234.50 ₽</dd>",
        "<dt>время</dt><dd>1 мин 36 с</dd>",
        "<dt>вызова</dt><dd>3</dd>",
        "<h1>Клетка</h1>",
        "<time datetime=\"2026-05-04\">",
        "<td>1 ч 02 мин</td><td>меньше 1 с</td>",
    ] {
        assert!(page.contains(total), "{total}");
    }
    let untitled = contact_sheet(&every_kind(), &About { title: " ", ..ABOUT }, Lang::Ru);
    assert!(untitled.contains("<h1>cell.md</h1>"));
}

#[test]
fn neighbours_with_one_trouble_are_named_once() {
    let failed = |number| without_picture(number, StepStatus::Failed, ErrorCode::ContentRejected);
    let page = contact_sheet(&report(vec![failed(1), failed(2), slide(3), failed(4)]), &ABOUT, Lang::En);
    let attention = page.split_once("class=\"attention\"").unwrap().1.split_once("</section>").unwrap().0;
    assert_eq!(values(attention, "href"), ["#slide-1", "#slide-4"]);
    assert!(attention.contains("1–2") && attention.contains("change the prompt and repeat"), "{attention}");
    assert!(!contact_sheet(&report(vec![slide(1)]), &ABOUT, Lang::En).contains("class=\"attention\""));
}

#[test]
fn nothing_one_and_five_hundred_pictures() {
    let failed = |number| without_picture(number, StepStatus::Failed, ErrorCode::TimedOut);
    let none = contact_sheet(&report((1..=12).map(failed).collect()), &ABOUT, Lang::Ru);
    assert!(!none.contains("<img") && !none.contains("class=\"view\"") && none.contains("1–12"));

    let one = contact_sheet(&report(vec![slide(1)]), &ABOUT, Lang::Ru);
    assert!(one.contains("class=\"grid one\"") && one.contains("<dt>слайд</dt>"));
    assert!(one.contains("id=\"size-m\" checked"));

    let many = contact_sheet(&report((1..=500).map(slide).collect()), &ABOUT, Lang::Ru);
    assert!(many.contains("id=\"size-s\" checked") && many.contains("strip dense"));
    let pictures = many.matches("<img ").count();
    assert_eq!((pictures, many.matches("loading=\"lazy\"").count()), (1000, 1000));
    assert!(many.len() < 1_500_000, "{} bytes", many.len());
}
