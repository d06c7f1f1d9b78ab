//! Edits: what each does, and that none leaves its bounds.

use crate::made::{noisy, transparent};
use image::{DynamicImage, Rgb, RgbImage};
use palitra_media::adjust::{Error, STEPS_MAX, Step, adjust};
use proptest::prelude::*;

fn flat(color: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(64, 48, Rgb(color)).into()
}

fn middle(picture: &DynamicImage) -> [u8; 3] {
    picture.to_rgb8().get_pixel(picture.width() / 2, picture.height() / 2).0
}

#[test]
fn s4_72_filters_do_what_they_say() {
    let color = [180, 100, 60];
    let after = |step| middle(&adjust(flat(color), &[step]).unwrap());
    let luma = 112;
    assert!(after(Step::Brightness { amount: 30 }).iter().zip(color).all(|(after, before)| *after > before));
    assert_eq!(after(Step::Contrast { amount: -100 }), [128; 3]);
    assert!(after(Step::Contrast { amount: 50 })[0] > 180 && after(Step::Contrast { amount: 50 })[2] < 60);
    assert!(after(Step::Grayscale { amount: 100 }).iter().all(|value| value.abs_diff(luma) <= 3));
    assert!(after(Step::Saturation { amount: -100 }).iter().all(|value| value.abs_diff(luma) <= 3));
    assert!(after(Step::Saturation { amount: 50 })[0] > 180);
    let warm = after(Step::Warmth { amount: 50 });
    assert!(warm[0] > 180 && warm[2] < 60);
    let sepia = after(Step::Sepia { amount: 100 });
    assert!(sepia[0] > sepia[1] && sepia[1] > sepia[2]);
    let vignette = adjust(flat(color), &[Step::Vignette { amount: 100 }]).unwrap();
    assert_eq!(middle(&vignette), color);
    assert!(vignette.to_rgb8().get_pixel(0, 0)[0] < 40);
    assert_eq!(after(Step::Blur { radius: 50 }), color);
}

#[test]
fn s4_72_geometry() {
    let picture: DynamicImage = noisy(90, 60, 200, 1).into();
    let sized = |steps: &[Step]| {
        let made = adjust(picture.clone(), steps).unwrap();
        (made.width(), made.height())
    };
    assert_eq!(sized(&[Step::Crop { left: 10, top: 20, width: 30, height: 40 }]), (30, 40));
    assert_eq!(sized(&[Step::Turn { quarters: 1 }]), (60, 90));
    assert_eq!(adjust(picture.clone(), &[Step::Turn { quarters: 1 }; 4]).unwrap(), picture);
    assert_eq!(
        adjust(picture.clone(), &[Step::Mirror, Step::Turn { quarters: 2 }, Step::Flip]).unwrap(),
        picture
    );
    let straight = sized(&[Step::Straighten { degrees: 10. }]);
    assert!(straight.0 < 90 && straight.1 < 60 && straight.0 * 60 / 90 - straight.1 <= 1, "{straight:?}");
    let white = adjust(flat([255; 3]), &[Step::Straighten { degrees: -33. }]).unwrap();
    assert!(white.to_rgb8().pixels().all(|pixel| pixel.0 == [255; 3]), "no empty corner");
    // To the right: what was above the middle goes right of it.
    let mark =
        RgbImage::from_fn(101, 101, |x, y| Rgb([if x.abs_diff(50) < 4 && y < 50 { 255 } else { 0 }; 3]));
    let turned = adjust(mark.into(), &[Step::Straighten { degrees: 40. }]).unwrap().to_rgb8();
    let half = turned.width() / 2;
    assert!(
        turned.get_pixel(half + half / 2, half - half / 2)[0] > 100
            || turned.get_pixel(half + half / 3, half - half / 2)[0] > 100
    );
}

#[test]
fn bounds_are_refused() {
    for step in [
        Step::Crop { left: 50, top: 0, width: 15, height: 1 },
        Step::Crop { left: u32::MAX, top: 0, width: 2, height: 1 },
        Step::Crop { left: 0, top: 0, width: 0, height: 1 },
        Step::Turn { quarters: 4 },
        Step::Straighten { degrees: 46. },
        Step::Straighten { degrees: f32::NAN },
        Step::Brightness { amount: 101 },
        Step::Sepia { amount: -1 },
        Step::Blur { radius: 51 },
    ] {
        assert!(matches!(adjust(flat([9; 3]), &[step]), Err(Error::OutOfBounds { .. })), "{step:?}");
    }
    let error = adjust(flat([9; 3]), &[Step::Flip; STEPS_MAX + 1]).unwrap_err();
    assert_eq!(error, Error::TooManySteps { steps: STEPS_MAX + 1 });
}

fn steps() -> impl Strategy<Value = Step> {
    let both = -100..=100;
    let one = 0..=100;
    prop_oneof![
        (0_u32..4).prop_map(|quarters| Step::Turn { quarters }),
        (-45_f32..45.).prop_map(|degrees| Step::Straighten { degrees }),
        Just(Step::Mirror),
        both.clone().prop_map(|amount| Step::Brightness { amount }),
        both.clone().prop_map(|amount| Step::Contrast { amount }),
        both.clone().prop_map(|amount| Step::Saturation { amount }),
        both.prop_map(|amount| Step::Warmth { amount }),
        one.clone().prop_map(|amount| Step::Grayscale { amount }),
        one.clone().prop_map(|amount| Step::Sepia { amount }),
        one.clone().prop_map(|amount| Step::Vignette { amount }),
        one.prop_map(|amount| Step::Sharpen { amount }),
        (0_u32..=50).prop_map(|radius| Step::Blur { radius }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_edit_of_any_picture(size in (1_u32..50, 1_u32..50), edit in prop::collection::vec(steps(), 0..6), clear: bool) {
        let picture: DynamicImage =
            if clear { transparent(size.0, size.1, 99).into() } else { noisy(size.0, size.1, 99, 1).into() };
        let made = adjust(picture, &edit).unwrap();
        prop_assert!(made.width() > 0 && made.height() > 0);
        prop_assert_eq!(made.color().has_alpha(), clear);
    }

    #[test]
    fn zero_changes_nothing(size in (1_u32..50, 1_u32..50)) {
        let picture: DynamicImage = transparent(size.0, size.1, 99).into();
        let zero = [
            Step::Turn { quarters: 0 }, Step::Brightness { amount: 0 }, Step::Contrast { amount: 0 }, Step::Saturation { amount: 0 },
            Step::Warmth { amount: 0 }, Step::Grayscale { amount: 0 }, Step::Sepia { amount: 0 }, Step::Vignette { amount: 0 },
            Step::Sharpen { amount: 0 },
        ];
        prop_assert_eq!(adjust(picture.clone(), &zero).unwrap(), picture);
    }
}
