//! WCAG 2.2, 1.4.3: words have 4.5:1 on every ground they stand on, in both themes, computed from the style sheet's own tokens.
#![expect(clippy::float_arithmetic, reason = "the formula of WCAG")]

use super::super::CSS;

const INKS: [&str; 9] =
    ["text", "muted", "accent", "ok", "reused", "failed", "skipped", "cancelled", "waiting"];

type Colour = [f64; 3];

/// A token of one theme: `#rgb` or `#rrggbb`, or a percentage as a fraction.
fn token<'a>(theme: &'a str, name: &str) -> &'a str {
    let from = theme.find(&format!("--{name}: ")).unwrap_or_else(|| panic!("--{name}")) + name.len() + 4;
    theme[from..].split(';').next().unwrap()
}

fn colour(text: &str) -> Colour {
    let digits = text.strip_prefix('#').expect("a hex colour");
    let digits = if digits.len() == 3 {
        digits.chars().flat_map(|digit| [digit, digit]).collect()
    } else {
        digits.to_owned()
    };
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0)
}

fn mixed(ink: Colour, share: f64, ground: Colour) -> Colour {
    [0, 1, 2].map(|at| ink[at] * share + ground[at] * (1.0 - share))
}

fn contrast(one: Colour, other: Colour) -> f64 {
    let luminance = |colour: Colour| {
        let linear = colour
            .map(|part| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05
    };
    let (one, other) = (luminance(one), luminance(other));
    one.max(other) / one.min(other)
}

#[test]
fn words_can_be_read_on_every_ground_in_both_themes() {
    let (light, rest) = CSS.split_once("prefers-color-scheme: dark").unwrap();
    let mut offences = Vec::new();
    for (name, theme) in [("light", light), ("dark", rest)] {
        let share: f64 = token(theme, "tint").trim_end_matches('%').parse::<f64>().unwrap() / 100.0;
        for ink_name in INKS {
            let ink = colour(token(theme, ink_name));
            for ground_name in ["ground", "raised"] {
                let ground = colour(token(theme, ground_name));
                for (what, ground) in [("", ground), (" tinted", mixed(ink, share, ground))] {
                    let ratio = contrast(ink, ground);
                    if ratio < 4.5 {
                        offences.push(format!("{name}: {ink_name} on {ground_name}{what} has {ratio:.2}:1"));
                    }
                }
            }
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
    assert!(contrast(colour("#fff"), colour("#000")) > 20.9, "the formula is broken");
}
