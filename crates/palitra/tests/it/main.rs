//! Door tests.
