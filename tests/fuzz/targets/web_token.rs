#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    rekindle_fuzz::web_token::check(bytes);
});
