//! The claim: who comes next, and which slots it may take.

mod fairness;
mod limits;
mod order;
mod scopes;
mod slots;
