//! Where pictures go: one case for each kind of slide, and what holds for every slide.

use super::builder::{
    content, packed, part, placeholder, presentation, sized, text_box, text_of, thing, title, with,
};
use super::{LIGHTHOUSE, illustrated, picture};
use palitra_decks::Placement::{self, Beside, Free, NoRoom, Placeholder};
use proptest::prelude::*;

const WIDE: (i64, i64) = (12_192_000, 6_858_000);

/// A frame as the file has it: x, y, width, height.
type Frame = [i64; 4];

/// The number in `name="…"` after a place in the text.
fn number_after(text: &str, name: &str) -> i64 {
    let mark = format!(" {name}=\"");
    let at = text.find(&mark).unwrap_or_else(|| panic!("no {name} in {text}")) + mark.len();
    text[at..].split('"').next().expect("a value").parse().expect("a number")
}

/// The frame of our picture on a slide's XML, and the XML from the picture on.
#[track_caller]
fn ours(slide: &str) -> (Frame, &str) {
    let at = slide.find("name=\"Palitra ").expect("our picture");
    let pic = &slide[at..];
    (
        ["x", "y", "cx", "cy"]
            .map(|name| number_after(&pic[pic.find("<a:off").expect("a place") - 1..], name)),
        pic,
    )
}

/// Where a picture of this size goes on the only slide with these shapes, and the slide afterwards.
#[track_caller]
fn place(page: (i64, i64), shapes: &str, size: (u32, u32)) -> (Placement, String) {
    let file = packed(&sized(page, &[(shapes, "")]));
    let (file, placements) = illustrated(&file, &[picture(1, size.0, size.1)]);
    (placements[0].1, text_of(&file, "ppt/slides/slide1.xml"))
}

#[test]
fn s0_40_each_kind_of_slide_has_its_place() {
    let columns = [
        title("A"),
        text_box(7, [609_600, 1_714_500, 5_000_000, 4_800_000], "left"),
        text_box(8, [6_400_000, 1_714_500, 5_000_000, 4_800_000], "right"),
    ];
    let table = thing(7, [609_600, 1_714_500, 10_972_800, 4_800_000]);
    let cases: [(&str, String, Placement); 11] = [
        ("blank", String::new(), Free),
        ("title only", title("A"), Free),
        ("title and content", [title("A"), content("b\nc")].concat(), Beside),
        ("an empty content placeholder", [title("A"), content("")].concat(), Placeholder),
        (
            "an empty picture placeholder",
            [title("A"), placeholder(7, "type=\"pic\" idx=\"13\"", "")].concat(),
            Placeholder,
        ),
        ("one that is covered", [content(""), thing(7, [0, 0, 12_192_000, 6_858_000])].concat(), NoRoom),
        ("a table all over", [title("A"), table.clone()].concat(), NoRoom),
        ("a small table", [title("A"), thing(7, [609_600, 1_714_500, 4_000_000, 1_000_000])].concat(), Free),
        ("two columns", columns.concat(), NoRoom),
        ("text all over", text_box(7, [300_000, 300_000, 11_500_000, 6_200_000], "words"), Beside),
        (
            "a full slide of text",
            [title("A"), content(&"a long line of text that goes on and on\n".repeat(40))].concat(),
            NoRoom,
        ),
    ];
    for (name, shapes, expected) in cases {
        for page in [WIDE, (12_192_000, 9_144_000)] {
            let file = packed(&sized(page, &[(&shapes, "")]));
            let (written, placements) = illustrated(&file, &[picture(1, 1536, 864)]);
            let wide = page == WIDE || matches!(expected, Free | Placeholder) || name == "title and content";
            if wide {
                assert_eq!(placements, [(1, expected)], "{name} on {page:?}");
            }
            if placements[0].1 == NoRoom {
                assert_eq!(written.len(), file.len(), "{name}: nothing was added");
            }
        }
    }
}

#[test]
fn s0_40_alone_on_its_slide_the_picture_is_the_slide() {
    let (placement, slide) = place(WIDE, "", (1600, 900));
    assert_eq!((placement, ours(&slide).0), (Free, [0, 0, 12_192_000, 6_858_000]));
    let (_, slide) = place(WIDE, "", (900, 900));
    assert_eq!(ours(&slide).0, [2_667_000, 0, 6_858_000, 6_858_000]);
}

#[test]
fn s0_40_a_picture_placeholder_cuts_and_a_content_placeholder_does_not() {
    let (_, slide) = place(WIDE, &placeholder(7, "type=\"pic\" idx=\"13\"", ""), (1000, 1000));
    // The layout's place is 10,972,800 by 4,800,600: 43.75 % of a square's height, so 28.125 % goes from each end.
    assert!(slide.contains("<a:srcRect t=\"28150\" b=\"28150\"/>"), "{slide}");
    assert!(slide.contains("<p:nvPr><p:ph type=\"pic\" idx=\"13\"/></p:nvPr>"), "{slide}");
    assert!(slide.contains("<p:cNvPr id=\"7\" name=\"Palitra 1\""), "the number stays: {slide}");
    assert!(slide.contains("<p:spPr></p:spPr>"), "the layout says where: {slide}");
    assert_eq!(slide.matches("<p:sp>").count(), 0, "{slide}");

    let (_, slide) = place(WIDE, &content(""), (1000, 1000));
    assert!(!slide.contains("srcRect") && slide.contains("<p:ph idx=\"1\"/>"), "{slide}");
    assert_eq!(ours(&slide).0, [3_695_700, 1_714_500, 4_800_600, 4_800_600]);
}

#[test]
fn s0_40_text_makes_room_and_only_in_its_width() {
    let shapes = [title("A"), content("b\nc\nd")].concat();
    let (placement, slide) = place(WIDE, &shapes, (1536, 864));
    assert_eq!(placement, Beside);
    let (picture, _) = ours(&slide);
    let text = &slide[slide.find("name=\"Shape 3\"").expect("the text")..];
    let frame = ["x", "y", "cx", "cy"]
        .map(|name| number_after(&text[text.find("<a:xfrm>").expect("a place")..], name));
    assert_eq!([frame[0], frame[1], frame[3]], [609_600, 1_714_500, 4_800_600], "as the layout has it");
    assert!(frame[0] + frame[2] < picture[0], "{frame:?} {picture:?}");
    assert_eq!(picture[0] + picture[2], 609_600 + 10_972_800, "flush with the text's old edge");
    assert!(!slide.contains("fontScale"), "few words need no small letters: {slide}");
    let title = &slide
        [slide.find("name=\"Shape 2\"").expect("the title")..slide.find("name=\"Shape 3\"").expect("text")];
    assert!(title.contains("<p:spPr/>"), "the title stays: {title}");
}

#[test]
fn s0_40_on_a_title_page_the_title_gives_way_too() {
    let subtitle = "<p:ph type=\"subTitle\" idx=\"1\"/>";
    for head in ["type=\"ctrTitle\"", "type=\"title\""] {
        let head = text_box(2, [900_000, 2_100_000, 10_400_000, 1_400_000], "A")
            .replace("<p:nvPr/>", &format!("<p:nvPr><p:ph {head}/></p:nvPr>"));
        let sub = text_box(3, [900_000, 3_900_000, 10_400_000, 1_700_000], "b")
            .replace("<p:nvPr/>", &format!("<p:nvPr>{subtitle}</p:nvPr>"));
        let (placement, slide) = place(WIDE, &[head, sub].concat(), (1000, 1000));
        assert_eq!(placement, Beside);
        let ([x, y, width, height], _) = ours(&slide);
        assert!(height > 4_900_000 && y < 1_000_000, "as high as the page: {y} {width} {height}");
        for id in [2, 3] {
            let text = &slide[slide.find(&format!("name=\"Box {id}\"")).expect("the text")..];
            assert!(
                number_after(&text[text.find("<a:off").expect("a place") - 1..], "cx") + 900_000 < x,
                "{slide}"
            );
        }
    }
}

#[test]
fn s0_40_more_text_gets_smaller_letters_and_much_is_left_alone() {
    let lines = |count: usize| {
        [title("A"), content(&"about forty letters stand on this line\n".repeat(count))].concat()
    };
    let scale = |count: usize| {
        let (placement, slide) = place(WIDE, &lines(count), (1536, 864));
        match placement {
            Beside if slide.contains("fontScale") => {
                Some(number_after(&slide[slide.find("normAutofit").expect("it")..], "fontScale"))
            }
            Beside => Some(100_000),
            _ => None,
        }
    };
    let scales: Vec<Option<i64>> = (1..30).map(scale).collect();
    let there: Vec<i64> = scales.iter().copied().flatten().collect();
    assert!(there.is_sorted_by(|one, other| one >= other), "{scales:?}");
    assert_eq!((there.first(), there.last()), (Some(&100_000), Some(&70_000)), "{scales:?}");
    assert!(scales.iter().skip_while(|scale| scale.is_some()).all(Option::is_none), "{scales:?}");
    assert_eq!(scales.last(), Some(&None), "{scales:?}");
}

#[test]
fn s0_40_upright_pages_have_the_picture_below() {
    let (placement, slide) =
        place((6_858_000, 12_192_000), &[title("A"), content("b")].concat(), (1536, 864));
    assert_eq!(placement, Beside);
    let (picture, _) = ours(&slide);
    let text = &slide[slide.find("name=\"Shape 3\"").expect("the text")..];
    let (y, height) = (number_after(text, "y"), number_after(text, "cy"));
    assert!(y + height < picture[1], "{picture:?} {y} {height}");
}

#[test]
fn s0_40_what_the_layout_draws_is_not_covered_and_backgrounds_are() {
    let logo = "<p:sp><p:nvSpPr><p:cNvPr id=\"9\" name=\"Logo\"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>\
                <a:off x=\"9000000\" y=\"0\"/><a:ext cx=\"3192000\" cy=\"6858000\"/></a:xfrm></p:spPr></p:sp>";
    let with_logo = |logo: String, slide: &str| {
        let parts = presentation(&[(slide, "")]);
        let parts = with(parts, "ppt/slideLayouts/slideLayout1.xml", |text| {
            text.replace("</p:spTree>", &format!("{logo}</p:spTree>"))
        });
        packed(&parts)
    };
    let (file, _) = illustrated(&with_logo(logo.to_owned(), ""), &[picture(1, 900, 900)]);
    let (frame, _) = ours(&text_of(&file, "ppt/slides/slide1.xml"));
    assert!(frame[0] + frame[2] < 9_000_000, "{frame:?}");
    let ground = logo.replace("9000000", "0").replace("3192000", "12192000");
    let (file, _) = illustrated(&with_logo(ground, ""), &[picture(1, 1600, 900)]);
    assert_eq!(ours(&text_of(&file, "ppt/slides/slide1.xml")).0, [0, 0, 12_192_000, 6_858_000]);
}

#[test]
fn s0_40_a_shape_whose_place_nobody_knows_may_be_anywhere() {
    let parts = presentation(&[(&content("b"), "")]);
    let mut parts = with(parts, "ppt/slideLayouts/slideLayout1.xml", |_| "<a/>".to_owned());
    parts.push(part("docProps/app.xml", "<a/>"));
    assert_eq!(illustrated(&packed(&parts), &[picture(1, 16, 9)]).1, [(1, NoRoom)]);
}

#[test]
fn s0_40_the_example_has_a_place_of_each_kind() {
    let pictures: Vec<_> = (1..=7).map(|slide| picture(slide, 1536, 864)).collect();
    let placements = illustrated(LIGHTHOUSE, &pictures).1;
    let kinds = [Beside, Beside, Placeholder, Placeholder, Free, Free, NoRoom];
    assert_eq!(placements, (1..).zip(kinds).collect::<Vec<_>>());
}

fn frames() -> impl Strategy<Value = Vec<(bool, Frame)>> {
    let frame = (-2_000_000_i64..12_000_000, -1_000_000_i64..6_500_000, 0_i64..9_000_000, 0_i64..5_000_000);
    let frame = frame.prop_map(|(x, y, width, height)| [x, y, width, height]);
    prop::collection::vec((any::<bool>(), frame), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// On a slide of anything: the picture is on the page, has its own shape, is no decoration, and stands on nothing that did not stand aside.
    #[test]
    fn s0_40_pictures_are_whole_undistorted_and_on_nothing_else(
        frames in frames(), size in (1_u32..3000, 1_u32..3000), headed in any::<bool>(),
    ) {
        let shapes: String = frames.iter().zip(10..).map(|((text, frame), id)| {
            if *text { text_box(id, *frame, "some words\nin two lines") } else { thing(id, *frame) }
        }).collect();
        let shapes = format!("{}{shapes}", if headed { title("A") } else { String::new() });
        let (placement, slide) = place(WIDE, &shapes, size);
        if placement == NoRoom {
            prop_assert!(!slide.contains("Palitra"));
            return Ok(());
        }
        let ([x, y, width, height], _) = ours(&slide);
        prop_assert!(x >= 0 && y >= -1_000_000 && x + width <= 21_000_000, "{x} {y} {width}");
        let (pixels_wide, pixels_high) = (i64::from(size.0), i64::from(size.1));
        let (one, other) = (width * pixels_high, height * pixels_wide);
        prop_assert!((one - other).abs() <= pixels_wide.max(pixels_high) * 2, "{width}x{height} of {size:?}");
        prop_assert!(width * height >= 12_192_000 * 6_858_000 / 100 * 12);
        if placement == Free {
            prop_assert!(x >= 0 && y >= 0 && x + width <= WIDE.0 && y + height <= WIDE.1);
        }
        for ((is_text, frame), id) in frames.iter().zip(10..) {
            let name = if *is_text { format!("name=\"Box {id}\"") } else { format!("name=\"Table {id}\"") };
            let now = &slide[slide.find(&name).expect("the shape stays")..];
            let now = ["x", "y", "cx", "cy"].map(|name| number_after(&now[now.find("<a:off").expect("a place") - 1..], name));
            if !is_text || placement == Free {
                prop_assert_eq!(now, *frame, "only text gives way");
            }
            let apart = now[0] + now[2] <= x || x + width <= now[0] || now[1] + now[3] <= y || y + height <= now[1];
            prop_assert!(apart, "{placement:?} {now:?} {:?}", [x, y, width, height]);
        }
    }
}
