//! What systems wrote, made harmless for a terminal: nothing in it moves the cursor, changes colours,
//! rings, or turns the reading direction around. All output passes here last.

use super::table::COLOURS;

/// Stands where such a character stood.
const IN_PLACE: char = '\u{fffd}';

/// Whether a character does something besides being seen.
pub(crate) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            // Marks, embeddings, overrides and isolates of reading directions.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Ends of lines and paragraphs, unseen tags, and what annotates.
            | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// A text on one line.
pub(crate) fn line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if acts(c) => IN_PLACE,
            c => c,
        })
        .collect()
}

/// Whole output: lines stay, and our own colours where there are any.
pub(crate) fn page(text: &str, coloured: bool) -> String {
    let mut tame = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = COLOURS
            .iter()
            .find(|code| coloured && rest.starts_with(**code));
        let length = colour.map_or(c.len_utf8(), |code| code.len());
        // Both are lengths of what `rest` starts with.
        let (now, then) = rest.split_at(length);
        match c {
            _ if colour.is_some() => tame.push_str(now),
            '\n' | '\t' => tame.push(c),
            c if acts(c) => tame.push(IN_PLACE),
            c => tame.push(c),
        }
        rest = then;
    }
    tame
}

/// A JSON text with the same meaning: such characters stand only within its strings, where they can
/// be written as escapes.
pub(crate) fn json(text: &str) -> String {
    let mut tame = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                tame.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            tame.push(c);
        }
    }
    tame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_nothing_acts_on_a_terminal() {
        let table = [
            (
                "a\x1b[2J\x1b]0;title\x07b",
                "a\u{fffd}[2J\u{fffd}]0;title\u{fffd}b",
            ),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("\u{202e}moc.evil", "\u{fffd}moc.evil"),
            ("a\rb\u{8}\0\u{7f}", "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}"),
            ("Größe 東京 😀\n\tx", "Größe 東京 😀\n\tx"),
        ];
        for (given, expected) in table {
            assert_eq!(page(given, false), expected, "{given:?}");
        }
        // Our own colours pass where colours are wanted, and nothing else.
        let coloured = "\x1b[31mred\x1b[0m \x1b[8mhidden\x1b[0m";
        assert_eq!(
            page(coloured, true),
            "\x1b[31mred\x1b[0m \u{fffd}[8mhidden\x1b[0m"
        );
        assert!(!page(coloured, false).contains('\x1b'));
        assert_eq!(
            line("a\nfix: rm -rf /\u{2028}b"),
            "a fix: rm -rf /\u{fffd}b"
        );
    }

    #[test]
    fn threat_json_means_the_same_and_is_tame() {
        let given = serde_json::json!({
            "\u{202e}k": "\u{7f}\u{9b}31m \u{2067}\u{e0041} \u{0}\n\" 東京 😀",
        });
        let text = json(&given.to_string());
        assert!(!text.chars().any(acts), "{text:?}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, given);
    }
}
