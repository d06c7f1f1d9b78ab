//! Door tests.

mod tidy;
