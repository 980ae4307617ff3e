//! Every target is this file: its name says which reader it searches.

#![no_main]

#[path = "../parsers/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = readers::hold(env!("CARGO_BIN_NAME"), bytes);
});
