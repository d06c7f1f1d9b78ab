//! Media storage on disk, behind the port `palitra_domain::objects::Objects`.
//!
//! An object appears whole or not at all: bytes go to a temporary file in the same file system, are flushed to the disk, then
//! renamed, then the folder is flushed. No lists, no database, no links: what exists and who owns it is the store's business.

mod disk;

pub use disk::Disk;

#[cfg(test)]
mod tests;
