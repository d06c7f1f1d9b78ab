//! What another program finds in our files: python-pptx opens them, and everything but the pictures is as it was.

use super::{LIGHTHOUSE, picture};
use palitra_decks::{Placement, illustrated_pptx};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What `check_pptx.py` says of a presentation.
fn seen(file: &Path) -> Value {
    let python = std::env::var_os("PALITRA_TEST_PYTHON");
    let python = python.expect(
        "`PALITRA_TEST_PYTHON` names no Python with python-pptx; `cargo xtask test --install` makes one and names it",
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pptx/check_pptx.py");
    let output = Command::new(&python).arg(script).arg(file).output();
    let output = output.unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo xtask test --install` installs it", Path::new(&python).display())
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "python-pptx does not open it, or is not there (`cargo xtask test --install`): {said}"
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn s0_40_python_pptx_opens_the_result_and_finds_only_pictures_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let (before, after) = (folder.path().join("before.pptx"), folder.path().join("after.pptx"));
    fs::write(&before, LIGHTHOUSE).expect("a file");
    let pictures: Vec<_> = (1..=7).map(|slide| picture(slide, 1536, 864)).collect();
    let out = fs::File::create(&after).expect("a file");
    let placements = illustrated_pptx(LIGHTHOUSE, &pictures, super::open, out).expect("a presentation");

    let (before, after) = (seen(&before), seen(&after));
    let slides = |seen: &Value| seen["slides"].as_array().expect("slides").clone();
    assert_eq!(before["size"], after["size"]);
    assert_eq!((slides(&before).len(), slides(&after).len()), (7, 7));
    for ((before, after), (n, placement)) in slides(&before).iter().zip(slides(&after)).zip(placements) {
        assert_eq!(before["notes"], after["notes"], "slide {n}");
        assert_eq!(before["layout"], after["layout"], "slide {n}");
        let ours = after["pictures"].as_array().expect("pictures");
        if placement == Placement::NoRoom {
            assert_eq!(*before, after, "slide {n}");
            continue;
        }
        assert_eq!(ours.len(), 1, "slide {n}");
        let ours = &ours[0];
        assert_eq!(ours["name"], format!("Palitra {n}"));
        assert_eq!(ours["alt"], format!("Picture {n}"));
        assert_eq!(
            (&ours["type"], &ours["pixels"]),
            (&Value::from("image/png"), &serde_json::json!([1536, 864]))
        );
        let number = |name: &str| ours[name].as_f64().expect("a number");
        // What is shown of the picture has the shape of its frame.
        let shown = 1536.0 * (1.0 - 2.0 * number("cut_sides")) / (864.0 * (1.0 - 2.0 * number("cut_ends")));
        assert!((shown - number("width") / number("height")).abs() < 0.001, "slide {n}: {ours}");

        let others = |slide: &Value| slide["others"].as_array().expect("shapes").clone();
        let texts = |slide: &Value| others(slide).iter().map(|one| one["text"].clone()).collect::<Vec<_>>();
        match placement {
            Placement::Free => assert_eq!(others(before), others(&after), "slide {n}"),
            Placement::Beside => {
                assert_eq!(texts(before), texts(&after), "slide {n}");
                for (before, after) in others(before).iter().zip(others(&after)) {
                    let place = |one: &Value| [&one["left"], &one["top"], &one["height"]].map(Value::clone);
                    assert_eq!(place(before), place(&after), "slide {n}: only the width may change");
                }
            }
            _ => {
                let mut left = others(before);
                left.retain(|one| one["text"] != "");
                assert_eq!(left, others(&after), "slide {n}: the picture stands for the empty placeholder");
            }
        }
    }
}
