//! Tests of text on pictures, by what they look at.

mod answers;
mod drawing;
mod fitting;
mod gallery;
mod light;
mod pictures;
mod scene;
mod soup;
mod wishes;
