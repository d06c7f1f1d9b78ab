//! placeholder

pub mod fal;
