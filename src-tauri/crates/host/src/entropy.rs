//! Randomness that nobody can guess.

/// Random bytes from the machine's own generator, for tokens, salts and nonces.
///
/// # Errors
/// When the machine has no generator, or it refuses: nothing secret may be made then.
pub fn random_bytes<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let first = random_bytes::<32>().unwrap();
        assert_ne!(first, random_bytes::<32>().unwrap());
        assert_ne!(first, [0; 32]);
    }
}
