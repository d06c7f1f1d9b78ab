//! Named points around every transition, where crash tests kill the process.
//!
//! There is one point before and one after the commit of each row of the transition table. Unarmed, a point costs one comparison.

use palitra_domain::state::{Event, GenerationState, TRANSITIONS};
use std::{fmt, sync::Arc};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The outside has answered, the commit has not begun.
    Before,
    /// The commit is durable, nothing has followed it.
    After,
}

/// Written `submitting.accept.before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    pub from: GenerationState,
    pub event: Event,
    pub side: Side,
}

impl Point {
    /// Both sides of every transition.
    pub fn all() -> impl Iterator<Item = Point> {
        let sides =
            |side| TRANSITIONS.iter().map(move |(from, event, _)| Point { from: *from, event: *event, side });
        sides(Side::Before).chain(sides(Side::After))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Before => "before",
            Side::After => "after",
        };
        write!(out, "{}.{}.{side}", self.from, self.event)
    }
}

type Reached = dyn Fn(Point) + Send + Sync;

/// What to do at a point: nothing, unless a crash test armed it.
#[derive(Clone, Default)]
pub struct Points(Option<Arc<Reached>>);

impl Points {
    pub fn armed(reached: impl Fn(Point) + Send + Sync + 'static) -> Points {
        Points(Some(Arc::new(reached)))
    }

    pub(crate) fn before(&self, from: GenerationState, event: Event) {
        self.reach(from, event, Side::Before);
    }

    pub(crate) fn after(&self, from: GenerationState, event: Event) {
        self.reach(from, event, Side::After);
    }

    fn reach(&self, from: GenerationState, event: Event, side: Side) {
        if let Some(reached) = &self.0 {
            reached(Point { from, event, side });
        }
    }
}
