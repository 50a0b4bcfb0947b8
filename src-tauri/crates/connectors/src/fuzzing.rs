//! What a fuzzer calls: any bytes, as what a REST system answers, which must neither panic nor break
//! what is promised. The unit tests replay the inputs that are kept in `tests/fuzz/seeds`.

mod answers;
mod documents;
mod system;

pub(crate) use answers::next as answer;

/// Answers of a REST system, on one line each but for their bodies. The first byte chooses the
/// collection, the second what is asked of it; [`answers`] says how answers are written.
///
/// # Panics
/// Where a promise is broken; that is what the fuzzer looks for.
pub fn rest(data: &[u8]) {
    let [collection, asked, answers @ ..] = data else {
        return;
    };
    let answers = answers::of(answers);
    for answer in &answers {
        documents::check(&answer.body);
    }
    system::ask(*collection, *asked, answers);
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn kept_inputs_hold() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../tests/fuzz/seeds/rest"
        );
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            super::rest(&fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0);
    }

    #[test]
    fn the_system_is_described_as_an_admin_could() {
        let json = serde_json::from_str(super::system::DESCRIBED).unwrap();
        assert_eq!(crate::check_settings("rest", &json), []);
    }
}
