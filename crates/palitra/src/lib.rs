//! Palitra.
