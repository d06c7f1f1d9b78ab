//! Reading a wish: clause by clause, each word changes the style or is handed back.

use std::collections::BTreeSet;

use super::super::colour::Colour;
use super::super::style::{Align, Size, Style};
use super::Parsed;
use super::clause::{About, Clause};
use super::places::{edges, position};
use super::token::{Number, Token, Unit, What, tokens};
use super::words::{Place, Thing, Word, folded};

/// The blur of "с размытием" without a number.
const BLUR_PX: u16 = 12;

const HALF_PERCENT: u8 = 50;
const TRANSPARENT_PERCENT: u8 = 30;

/// Phrases that are handed back.
const LEFT_OVER_MAX: usize = 32;

pub(super) fn read(style: &Style, wish: &str) -> Parsed {
    let tokens = tokens(wish);
    let mut reader = Reader::new(style.clone(), wish);
    for clause in tokens.split(|token| token.what == What::Pause) {
        reader.read(&Clause::new(clause));
    }
    reader.finish(&tokens)
}

struct Reader<'a> {
    wish: &'a str,
    style: Style,
    decided: BTreeSet<&'static str>,
    /// Where what was not understood starts.
    unknown: BTreeSet<usize>,
    /// What was spoken of last.
    subject: Option<Thing>,
    /// Whose radius was spoken of last.
    corners: bool,
    across: Option<Place>,
    down: Option<Place>,
    placed: bool,
    /// Places named with a margin, which are where the text stands too when nothing else says so.
    margin_places: Vec<Place>,
    /// Margins in per cent, and the edges they are from, or the edge the text will stand at.
    margins: Vec<(u8, Vec<Place>)>,
}

impl<'a> Reader<'a> {
    fn new(style: Style, wish: &'a str) -> Self {
        Self {
            wish,
            style,
            decided: BTreeSet::new(),
            unknown: BTreeSet::new(),
            subject: None,
            corners: false,
            across: None,
            down: None,
            placed: false,
            margin_places: Vec::new(),
            margins: Vec::new(),
        }
    }

    /// Changes the style where it stays within its bounds; says whether it did.
    fn decide(&mut self, path: &'static str, change: impl FnOnce(&mut Style)) -> bool {
        let mut changed = self.style.clone();
        change(&mut changed);
        let within = changed.check().is_ok();
        if within {
            self.style = changed;
            self.decided.insert(path);
        }
        within
    }

    fn read(&mut self, clause: &Clause<'_>) {
        for (at, token) in clause.tokens.iter().enumerate() {
            let understood = match token.what {
                What::Word(word) => self.word(clause, at, word),
                What::Number(number) => self.number(clause, at, number),
                What::Pause => true,
                What::Unknown => false,
            };
            if !understood {
                self.unknown.insert(token.from);
            }
        }
    }

    fn word(&mut self, clause: &Clause<'_>, at: usize, word: Word) -> bool {
        let denied = clause.denied[at];
        let owner = clause.owner(at);
        if owner.is_some_and(|(thing, _)| clause.denied[thing]) && !denied {
            // "без белой плашки": the colour of what is not there. Of what else may be said there, places count.
            if matches!(
                word,
                Word::Colour(_) | Word::HalfTransparent | Word::Solid | Word::Transparent | Word::Automatic
            ) {
                return true;
            }
        }
        let owner = owner.map(|(_, thing)| thing);
        match word {
            Word::Thing(thing) => self.thing(thing, !denied),
            Word::Colour(colour) => self.colour(clause, at, owner, Some(colour)),
            Word::Automatic => self.colour(clause, at, owner, None),
            Word::Size(size) => match owner {
                None | Some(Thing::Text) => self.decide("size", |style| style.size = size),
                // "обычная плашка" says nothing, "большая тень" something we cannot do.
                Some(_) => {
                    size == Size::Normal
                        || clause.has(Word::Thing(Thing::Text))
                            && self.decide("size", |style| style.size = size)
                }
            },
            Word::Bigger => self.step(1),
            Word::Smaller => self.step(-1),
            Word::Place(place) => self.place(clause, at, place),
            Word::Bold => {
                matches!(owner, None | Some(Thing::Text)) && self.decide("bold", |style| style.bold = !denied)
            }
            Word::Thin => match owner {
                Some(Thing::Outline) => {
                    self.decide("outline.width_px", |style| style.outline.width_px = Some(2))
                }
                None | Some(Thing::Text) => self.decide("bold", |style| style.bold = false),
                Some(_) => false,
            },
            Word::Font(font) => self.decide("font", |style| style.font = font),
            Word::HalfTransparent => self.opacity(owner, HALF_PERCENT),
            // With a number beside it, that counts.
            Word::Transparent | Word::Solid
                if clause.tokens.iter().any(|token| matches!(token.what, What::Number(_))) =>
            {
                true
            }
            Word::Transparent => self.opacity(owner, TRANSPARENT_PERCENT),
            Word::Solid => self.opacity(owner, 100),
            Word::Blurred => {
                self.corners = false;
                self.subject = Some(Thing::Plate);
                let blur = if denied { 0 } else { self.style.plate.blur_px.max(BLUR_PX) };
                let known = self.decided.contains("plate.blur_px") && !denied;
                (denied || self.thing(Thing::Plate, true))
                    && (known || self.decide("plate.blur_px", |style| style.plate.blur_px = blur))
            }
            Word::Rounded => {
                self.corners = true;
                let radius = if denied { Some(0) } else { None };
                self.decide("plate.radius_px", |style| style.plate.radius_px = radius)
            }
            Word::Square => self.decide("plate.radius_px", |style| style.plate.radius_px = Some(0)),
            Word::Corner => {
                self.corners |= !clause.words().any(|(_, word)| matches!(word, Word::Place(_)));
                !denied || self.decide("plate.radius_px", |style| style.plate.radius_px = Some(0))
            }
            Word::Property(super::words::Property::Margin) if denied => {
                self.margins.push((0, Vec::new()));
                true
            }
            Word::Property(_)
            | Word::Edge
            | Word::Without
            | Word::With
            | Word::And
            | Word::Filler
            | Word::Defaults => true,
        }
    }

    fn thing(&mut self, thing: Thing, on: bool) -> bool {
        if on {
            self.subject = Some(thing);
        }
        match thing {
            Thing::Text => true,
            Thing::Plate => self.decide("plate.on", |style| style.plate.on = on),
            Thing::Outline => self.decide("outline.on", |style| style.outline.on = Some(on)),
            Thing::Shadow => self.decide("shadow.on", |style| style.shadow.on = Some(on)),
        }
    }

    /// A colour nobody owns is the text's; "…, белая" is the plate's when that was spoken of last.
    fn colour(
        &mut self,
        clause: &Clause<'_>,
        at: usize,
        owner: Option<Thing>,
        colour: Option<Colour>,
    ) -> bool {
        let token = &clause.tokens[at];
        let word = folded(&self.wish[token.from..token.to]);
        let feminine = ["ая", "яя", "ую", "юю"].iter().any(|ending| word.ends_with(ending));
        let owner = owner.or(self.subject.filter(|_| feminine)).unwrap_or(Thing::Text);
        if owner == Thing::Text && self.lies_behind(clause, at) {
            return self.thing(Thing::Plate, true)
                && self.decide("plate.colour", |style| style.plate.colour = colour);
        }
        match owner {
            Thing::Text => self.decide("ink", |style| style.ink = colour),
            Thing::Plate => self.decide("plate.colour", |style| style.plate.colour = colour),
            Thing::Outline => self.decide("outline.colour", |style| style.outline.colour = colour),
            Thing::Shadow => self.decide("shadow.colour", |style| style.shadow.colour = colour),
        }
    }

    /// "Белым на чёрном", "gold on black": the second colour is what is behind the first.
    fn lies_behind(&self, clause: &Clause<'_>, at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| &clause.tokens[before]);
        let on = before.is_some_and(|token| {
            matches!(folded(&self.wish[token.from..token.to]).as_str(), "на" | "по" | "on")
        });
        on && clause.words().any(|(place, word)| place < at && matches!(word, Word::Colour(_)))
    }

    fn opacity(&mut self, owner: Option<Thing>, percent: u8) -> bool {
        match owner.or(self.subject) {
            Some(Thing::Shadow) => {
                self.decide("shadow.opacity_percent", |style| style.shadow.opacity_percent = percent)
            }
            Some(Thing::Outline) => false,
            // Text has no opacity of its own; what is said of it is meant of what is behind it only where that is named.
            Some(Thing::Text) if owner.is_some() => false,
            _ => {
                self.thing(Thing::Plate, true)
                    && self.decide("plate.opacity_percent", |style| style.plate.opacity_percent = percent)
            }
        }
    }

    fn step(&mut self, up: i32) -> bool {
        const SIZES: [Size; 5] = [Size::Small, Size::Medium, Size::Normal, Size::Large, Size::Huge];
        let size = match self.style.size {
            Size::Px(pixels) if up > 0 => Size::Px((pixels / 4 * 5).max(pixels + 1)),
            Size::Px(pixels) => Size::Px((pixels / 5 * 4).max(4)),
            named => {
                let at = SIZES.iter().position(|size| *size == named).unwrap_or(2);
                SIZES[if up > 0 { (at + 1).min(4) } else { at.saturating_sub(1) }]
            }
        };
        self.decide("size", |style| style.size = size)
    }

    fn place(&mut self, clause: &Clause<'_>, at: usize, place: Place) -> bool {
        let upright = matches!(place, Place::Top | Place::Bottom);
        let against = at.checked_sub(1).and_then(|before| clause.tokens.get(before));
        let against = against
            .is_some_and(|token| matches!(&self.wish[token.from..token.to], "к" | "у" | "to" | "К" | "У"));
        if clause.has(Word::Edge) && !upright && !against {
            let align = match place {
                Place::Left => Align::Left,
                Place::Right => Align::Right,
                _ => Align::Centre,
            };
            return self.decide("align", |style| style.align = Some(align));
        }
        if clause.has(Word::Property(super::words::Property::Margin)) {
            self.margin_places.push(place);
            return true;
        }
        self.stand(place);
        true
    }

    fn stand(&mut self, place: Place) {
        self.placed = true;
        match place {
            Place::Top | Place::Bottom => self.down = Some(place),
            Place::Left | Place::Right => self.across = Some(place),
            Place::Middle => {}
        }
    }

    fn number(&mut self, clause: &Clause<'_>, at: usize, number: Number) -> bool {
        let about = clause.about(at, number);
        let owner = clause.owner(about.map_or(at, |(place, _)| place)).map(|(_, thing)| thing);
        let about = about.map(|(_, about)| about).or_else(|| self.about(number));
        let value = number.whole();
        match about {
            Some(About::Size) => {
                number.unit != Unit::Percent && self.decide("size", |style| style.size = Size::Px(value))
            }
            Some(About::Radius)
                if clause.has(Word::Blurred)
                    || !(self.corners || clause.has(Word::Corner) || clause.has(Word::Rounded)) =>
            {
                self.blur(value)
            }
            Some(About::Blur) => self.blur(value),
            Some(About::Radius | About::Corners) => {
                self.decide("plate.radius_px", |style| style.plate.radius_px = Some(value))
            }
            Some(About::Opacity) => {
                percent(number).is_some_and(|percent| self.opacity(see_through(owner), percent))
            }
            Some(About::Transparency) => {
                percent(number).is_some_and(|percent| self.opacity(see_through(owner), 100 - percent))
            }
            Some(About::Margin) => self.margin(clause, number),
            Some(About::Spacing) => self.spacing(number),
            Some(About::OutlineWidth) => {
                self.thing(Thing::Outline, true)
                    && self.decide("outline.width_px", |style| style.outline.width_px = Some(value))
            }
            None => false,
        }
    }

    /// What a number is about by what was spoken of before.
    fn about(&self, number: Number) -> Option<About> {
        match (number.unit, self.subject) {
            (Unit::Percent, Some(Thing::Plate | Thing::Shadow)) => Some(About::Opacity),
            (Unit::Percent, _) if self.placed => Some(About::Margin),
            (Unit::Pixels, Some(Thing::Outline)) => Some(About::OutlineWidth),
            (Unit::Pixels, _) => Some(About::Size),
            _ => None,
        }
    }

    fn blur(&mut self, value: u16) -> bool {
        self.thing(Thing::Plate, true) && self.decide("plate.blur_px", |style| style.plate.blur_px = value)
    }

    fn spacing(&mut self, number: Number) -> bool {
        let percent = match number.unit {
            Unit::Percent => number.whole(),
            Unit::None if number.hundredths <= 300 => u16::try_from(number.hundredths).unwrap_or(0),
            _ => return false,
        };
        self.decide("line_spacing_percent", |style| style.line_spacing_percent = percent)
    }

    fn margin(&mut self, clause: &Clause<'_>, number: Number) -> bool {
        let places = clause.words().filter_map(|(_, word)| match word {
            Word::Place(place) if place != Place::Middle => Some(place),
            _ => None,
        });
        let percent = u8::try_from(number.whole()).ok().filter(|percent| *percent <= 90);
        let Some(percent) = percent.filter(|_| number.unit != Unit::Pixels) else { return false };
        let mut places: Vec<Place> = places.collect();
        // "Отступы", "поля", "margins" without a place are those on all sides.
        let several = |token: &Token| {
            let word = folded(&self.wish[token.from..token.to]);
            ["отступы", "отступами", "поля", "полями", "margins"].contains(&word.as_str())
        };
        if places.is_empty() && clause.tokens.iter().any(several) {
            places.extend([Place::Top, Place::Right, Place::Bottom, Place::Left]);
        }
        self.margins.push((percent, places));
        true
    }

    fn finish(mut self, tokens: &[Token]) -> Parsed {
        if !self.placed {
            for place in std::mem::take(&mut self.margin_places) {
                self.stand(place);
            }
        }
        if self.placed {
            let position = position(self.across, self.down);
            self.decide("position", |style| style.position = position);
        }
        for (percent, places) in std::mem::take(&mut self.margins) {
            let places = if places.is_empty() { edges(self.style.position) } else { places };
            for place in places {
                match place {
                    Place::Top => self.decide("margin.top", |style| style.margin.top = percent),
                    Place::Bottom => self.decide("margin.bottom", |style| style.margin.bottom = percent),
                    Place::Left => self.decide("margin.left", |style| style.margin.left = percent),
                    Place::Right => self.decide("margin.right", |style| style.margin.right = percent),
                    Place::Middle => true,
                };
            }
        }
        let left_over = self.left_over(tokens);
        Parsed { style: self.style, decided: self.decided, left_over }
    }

    /// Phrases: words that were not understood, and the small words between them.
    fn left_over(&self, tokens: &[Token]) -> Vec<String> {
        let mut phrases: Vec<(usize, usize)> = Vec::new();
        let mut open = false;
        for token in tokens {
            if self.unknown.contains(&token.from) {
                match phrases.last_mut().filter(|_| open) {
                    Some((_, to)) => *to = token.to,
                    None => phrases.push((token.from, token.to)),
                }
                open = true;
            } else if !matches!(token.what, What::Word(Word::Filler | Word::And | Word::With)) {
                open = false;
            }
        }
        let phrases = phrases.into_iter().take(LEFT_OVER_MAX);
        phrases.map(|(from, to)| self.wish[from..to].to_owned()).collect()
    }
}

/// Whose opacity a number is: never the text's own.
fn see_through(owner: Option<Thing>) -> Option<Thing> {
    Some(owner.filter(|owner| *owner == Thing::Shadow).unwrap_or(Thing::Plate))
}

/// A share: `50 %`, `50`, `0.5`.
fn percent(number: Number) -> Option<u8> {
    let fraction = number.unit == Unit::None && number.hundredths < 100 && number.hundredths > 0;
    let percent = if fraction { number.hundredths } else { u32::from(number.whole()) };
    let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
    percent.filter(|_| number.unit != Unit::Pixels)
}
