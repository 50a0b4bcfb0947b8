//! What a fuzzer calls: any bytes, which must neither panic nor break what is promised of values and
//! mappings. The unit tests replay the inputs that are kept in `tests/fuzz/seeds`.

mod numbers;
mod transforms;
mod values;

/// Values: read from JSON, made one of a declared type, compared, written again. The first byte
/// chooses the type; then two JSON texts, a line each.
///
/// # Panics
/// Where one breaks a promise; that is what the fuzzer looks for.
pub fn values(data: &[u8]) {
    values::check(data);
}

/// A field's mapping and values that go through it, there and back. The first line chooses the
/// mapping, a byte for each choice; the second is its free argument; then JSON values, a line each.
///
/// # Panics
/// Where one breaks a promise; that is what the fuzzer looks for.
pub fn transforms(data: &[u8]) {
    transforms::check(data);
}

/// What a byte chooses; any byte chooses something. Printable bytes begin with the first.
fn chosen<T>(byte: u8, among: &[T]) -> Option<&T> {
    among.get(usize::from(byte.wrapping_sub(b'0')) % among.len().max(1))
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn kept_inputs_hold() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/fuzz/seeds");
        for name in ["values", "transforms"] {
            let target = match name {
                "values" => super::values,
                _ => super::transforms,
            };
            let mut count = 0;
            for entry in fs::read_dir(format!("{seeds}/{name}")).unwrap() {
                target(&fs::read(entry.unwrap().path()).unwrap());
                count += 1;
            }
            assert!(count > 0, "{name}");
        }
    }
}
