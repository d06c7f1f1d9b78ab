//! Numbers of slides: those an author gave, and those that are counted.

/// The numbers of slides in order, or the positions of two slides that claim the same one.
///
/// A given number stays. A slide without one follows the slide before it, or takes the lowest free number when that one is
/// given to another slide: a title page before `Слайд 1:` becomes number 13 of thirteen, never a second 1.
pub(crate) fn assign(given: &[Option<u32>]) -> Result<Vec<u32>, (usize, usize)> {
    let mut used = std::collections::BTreeMap::new();
    for (at, number) in given.iter().enumerate() {
        if let Some(first) = number.and_then(|number| used.insert(number, at)) {
            return Err((first, at));
        }
    }
    let mut previous = 0;
    let mut numbers = Vec::with_capacity(given.len());
    for (at, number) in given.iter().enumerate() {
        let number = number.unwrap_or_else(|| {
            std::iter::once(previous + 1)
                .chain(1..)
                .find(|free| !used.contains_key(free))
                .unwrap_or(previous + 1)
        });
        used.entry(number).or_insert(at);
        previous = number;
        numbers.push(number);
    }
    Ok(numbers)
}
