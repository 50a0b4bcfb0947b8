//! What a fuzzer calls: any bytes, which must neither panic nor break what is promised of them.
//! The unit tests replay the inputs that are kept in `tests/fuzz/seeds`.

/// A workspace file.
///
/// # Panics
/// Where it is read wrongly; that is what the fuzzer looks for.
pub fn workspace(data: &[u8]) {
    crate::workspace::read_and_written(&String::from_utf8_lossy(data));
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn kept_inputs_hold() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../tests/fuzz/seeds/workspace"
        );
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            super::workspace(&fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0);
    }
}
