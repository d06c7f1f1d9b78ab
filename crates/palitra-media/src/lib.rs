//! Pictures and sound on this machine: everything that needs no market. Plain functions over bytes and pixels that
//! block while they compute; who calls them gives them a thread.

pub mod acceptance;
pub mod adjust;
pub mod audio;
pub mod clean;
mod color;
mod container;
pub mod decode;
pub mod encode;
pub mod export;
pub mod fingerprint;
pub mod fit;
pub mod illustration;
pub mod local;
pub mod pool;
pub mod prepare;
pub mod probe;
pub mod recipe;
pub mod resize;
pub mod sheet;
pub mod shrink;
pub mod speech;
pub mod text;
pub mod thumbnail;
pub mod upscale;
pub mod video;

pub use container::Broken;
