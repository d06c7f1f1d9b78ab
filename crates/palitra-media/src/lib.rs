//! Pictures and sound on this machine: everything that needs no market. Plain functions over bytes and pixels that
//! block while they compute; who calls them gives them a thread.

pub mod speech;
pub mod upscale;
