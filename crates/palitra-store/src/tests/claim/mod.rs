//! The claim: who comes next, and which slots it may take.

mod limits;
mod order;
mod scopes;
mod slots;
