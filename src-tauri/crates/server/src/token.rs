//! The bearer token: made once a start, printed once, compared in constant time.

use std::fmt;

/// What a caller must present. `Debug` never shows it.
pub struct Token {
    text: String,
    digest: blake3::Hash,
}

impl Token {
    /// Makes a token of 256 random bits, which the caller draws from the machine's generator.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = blake3::hash(text.as_bytes());
        Self { text, digest }
    }

    /// The token itself, for the URL.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }

    /// Whether `presented` is the token. Digests are compared, in constant time, so that neither
    /// the first wrong byte nor the length shows in the time it takes.
    pub(crate) fn admits(&self, presented: &str) -> bool {
        blake3::hash(presented.as_bytes()) == self.digest
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
