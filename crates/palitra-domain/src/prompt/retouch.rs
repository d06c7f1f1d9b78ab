//! Prompts of retouching (S2-042…S2-045), for models that retouch by words.

/// S2-042: defects go, the tone is evened, skin keeps its texture and the face its structure.
const SOFT: &str = "Retouch this portrait softly. Remove temporary skin defects such as pimples, redness and dust, and even out the skin \
    tone. Keep the natural skin texture with its pores, and keep the structure of the face. Keep pose, expression, hair, clothes and background as they are.";

/// S2-044.
const ENHANCE: &str = "Enhance this portrait slightly. Make the existing features and the skin a little clearer and the eyes slightly brighter.";

/// S2-045: what enhancing must never do.
const PROHIBITIONS: [&str; 6] = [
    "Do not change the lips.",
    "Do not change the age.",
    "Do not change the structure of the face.",
    "Do not change the proportions.",
    "Do not add any objects.",
    "Do not rejuvenate.",
];

pub fn soft(wish: &str) -> String {
    with_wish(SOFT.to_owned(), wish)
}

/// With all prohibitions, the wish before them: it cannot lift them.
pub fn enhance(wish: &str) -> String {
    let asked = with_wish(ENHANCE.to_owned(), wish);
    format!("{asked} {}", PROHIBITIONS.join(" "))
}

fn with_wish(prompt: String, wish: &str) -> String {
    match wish.trim() {
        "" => prompt,
        wish => format!("{prompt} Also: {}.", wish.trim_end_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_042_soft_keeps_texture_pores_and_structure() {
        for word in ["skin defects", "even out", "texture", "pores", "structure of the face"] {
            assert!(soft("").contains(word), "{word}");
        }
        assert!(soft("keep the freckles.").ends_with("Also: keep the freckles."));
    }

    #[test]
    fn s2_044_045_enhance_is_the_golden_prompt_with_six_prohibitions() {
        assert_eq!(
            enhance(""),
            "Enhance this portrait slightly. Make the existing features and the skin a little clearer and the eyes slightly brighter. \
             Do not change the lips. Do not change the age. Do not change the structure of the face. Do not change the proportions. \
             Do not add any objects. Do not rejuvenate."
        );
        assert!(enhance("make me younger").ends_with("Do not rejuvenate."), "a wish does not lift what is prohibited");
    }
}
