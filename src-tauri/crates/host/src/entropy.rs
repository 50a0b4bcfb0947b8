//! Randomness that nobody can guess.

/// 256 random bits from the machine's own generator, for tokens.
///
/// # Errors
/// When the machine has no generator, or it refuses: nothing secret may be made then.
pub fn random_bytes() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let first = random_bytes().unwrap();
        assert_ne!(first, random_bytes().unwrap());
        assert_ne!(first, [0; 32]);
    }
}
