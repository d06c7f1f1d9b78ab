//! What is kept of answers that come in the call, and what becomes of it.

mod held;
mod late;
