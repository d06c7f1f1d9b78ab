//! The life of a generation, from its creation to its end.

mod answers;
mod create;
mod ends;
mod family;
mod fencing;
mod ghosts;
mod hook;
mod late;
mod page;
mod queue;
mod transitions;
