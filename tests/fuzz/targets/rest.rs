#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tandem_connectors::fuzzing::rest(data));
