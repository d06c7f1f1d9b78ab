//! The HTTP door through the real service: the native API, the doors that other services' clients speak, who may pass where, and those
//! clients themselves.

mod access;
mod batch_commands;
mod called;
mod client;
mod commands;
mod ear;
mod early;
mod fuzzed;
mod guide;
mod joined;
mod native;
mod sdk;
mod seed;
mod service;
mod several;
mod uploads;
