//! What stands between two pauses: which word belongs to which, by order and nearness.

use super::token::{Number, Token, Unit, What};
use super::words::{Property, Thing, Word};

/// The tokens of one clause, without pauses.
pub(super) struct Clause<'a> {
    pub(super) tokens: &'a [Token],
    /// For each token whether a "без" is about it.
    pub(super) denied: Vec<bool>,
}

/// What a number is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Size,
    Radius,
    Blur,
    Corners,
    Opacity,
    Transparency,
    Margin,
    Spacing,
    OutlineWidth,
}

impl<'a> Clause<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Self {
        let mut clause = Self { tokens, denied: vec![false; tokens.len()] };
        for at in 0..tokens.len() {
            if clause.word(at) == Some(Word::Without) {
                clause.deny(at);
            }
        }
        clause
    }

    pub(super) fn word(&self, at: usize) -> Option<Word> {
        match self.tokens.get(at)?.what {
            What::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn words(&self) -> impl DoubleEndedIterator<Item = (usize, Word)> {
        (0..self.tokens.len()).filter_map(|at| Some((at, self.word(at)?)))
    }

    pub(super) fn has(&self, wanted: Word) -> bool {
        self.words().any(|(_, word)| word == wanted)
    }

    /// Marks what a "без" denies: all that follows up to a "с" or "на", or else the last before it ("плашку убери").
    fn deny(&mut self, without: usize) {
        let deniable = |word| {
            matches!(
                word,
                Word::Thing(Thing::Plate | Thing::Outline | Thing::Shadow)
                    | Word::Blurred
                    | Word::Rounded
                    | Word::Corner
                    | Word::Bold
                    | Word::Property(Property::Margin)
            )
        };
        let mut found = false;
        for at in without + 1..self.tokens.len() {
            match self.word(at) {
                Some(Word::With | Word::Without | Word::Thing(Thing::Text)) => break,
                Some(word) if deniable(word) => {
                    self.denied[at] = true;
                    found = true;
                }
                _ => {}
            }
        }
        let before =
            self.words().take_while(|(at, _)| *at < without).filter(|(_, word)| deniable(*word)).last();
        if let (false, Some((at, _))) = (found, before) {
            self.denied[at] = true;
        }
    }

    /// What an adjective belongs to: mostly what follows it, in Russian at times what stands before it.
    pub(super) fn owner(&self, at: usize) -> Option<(usize, Thing)> {
        let colour = matches!(self.word(at), Some(Word::Colour(_)));
        let after = self.words().skip_while(|(place, _)| *place <= at).take_while(|(_, word)| match word {
            Word::With | Word::Without | Word::Property(_) => false,
            Word::Colour(_) => !colour,
            _ => true,
        });
        let after = after.filter_map(thing).next();
        let before = self.words().take_while(|(place, _)| *place < at).filter_map(thing).last();
        let first = self.words().find(|(_, word)| matches!(word, Word::Thing(_) | Word::Colour(_)));
        let noun_first = matches!(first, Some((_, Word::Thing(_))));
        match (before, after) {
            (Some(before), Some(_)) if noun_first && before.0 + 1 == at => Some(before),
            (before, after) => after.or(before),
        }
    }

    /// What a number is about. Between the number before it and itself: a property, or else a thing or a place; but what
    /// follows at once, where no further number does ("плашка 30% прозрачности"), is nearer than those two. Else what follows.
    pub(super) fn about(&self, at: usize, number: Number) -> Option<(usize, About)> {
        let numbers =
            || (0..self.tokens.len()).filter(|place| matches!(self.tokens[*place].what, What::Number(_)));
        let from = numbers().take_while(|place| *place < at).last().unwrap_or(0);
        let takers = |weak: bool| {
            let fits = move |(place, word)| {
                Some((place, takes(word, number.unit).filter(|_| is_weak(word) == weak)?))
            };
            self.words().filter_map(fits)
        };
        let before = |weak| takers(weak).rfind(|(place, _)| (from..at).contains(place));
        let behind = |weak| takers(weak).find(|(place, _)| *place > at);
        let at_once =
            || behind(false).filter(|(place, _)| *place == at + 1 && numbers().all(|number| number <= at));
        before(false)
            .or_else(at_once)
            .or_else(|| before(true))
            .or_else(|| behind(false))
            .or_else(|| behind(true))
    }
}

/// What takes numbers, but leaves them to properties.
fn is_weak(word: Word) -> bool {
    matches!(word, Word::Thing(Thing::Plate | Thing::Shadow) | Word::Place(_))
}

fn thing((at, word): (usize, Word)) -> Option<(usize, Thing)> {
    match word {
        Word::Thing(thing) => Some((at, thing)),
        // Only the plate is blurred.
        Word::Blurred => Some((at, Thing::Plate)),
        _ => None,
    }
}

fn takes(word: Word, unit: Unit) -> Option<About> {
    let about = match word {
        Word::Property(Property::Size) | Word::Thing(Thing::Text) => About::Size,
        Word::Property(Property::Radius) => About::Radius,
        Word::Property(Property::Opacity) | Word::Solid | Word::Thing(Thing::Plate | Thing::Shadow) => {
            About::Opacity
        }
        Word::Property(Property::Transparency) | Word::Transparent => About::Transparency,
        Word::Property(Property::Margin) | Word::Place(_) => About::Margin,
        Word::Property(Property::Spacing) => About::Spacing,
        Word::Property(Property::Width) | Word::Thing(Thing::Outline) => About::OutlineWidth,
        Word::Blurred => About::Blur,
        Word::Rounded | Word::Corner => About::Corners,
        _ => return None,
    };
    let fits = match unit {
        Unit::Percent => {
            matches!(about, About::Opacity | About::Transparency | About::Margin | About::Spacing)
        }
        Unit::Pixels => {
            matches!(about, About::Size | About::Radius | About::Blur | About::Corners | About::OutlineWidth)
                || (about == About::Margin && !is_weak(word))
        }
        Unit::None => !is_weak(word),
    };
    fits.then_some(about)
}
