//! Whether a number is exactly what its text says, told from the digits alone.

use crate::value::Value;

/// A number's sign, its digits without outer zeros, and the power of ten of the last of them.
type Digits = (bool, String, i64);

/// Holds where a text is read as a number: all its digits are there, and it reads back.
pub(super) fn check(text: &str) {
    let Some(number) = Value::number(text) else {
        return;
    };
    let shown = number.to_json_text();
    if let Some(digits) = digits(text) {
        assert_eq!(Some(digits), self::digits(&shown), "{text} became {shown}");
    }
    let again = Value::number(&shown);
    assert!(
        again.is_some_and(|again| again.identical(&number)),
        "{text} became {shown}, which reads back as another number"
    );
}

fn digits(text: &str) -> Option<Digits> {
    let negative = text.starts_with('-');
    let text = text.trim_start_matches(['-', '+']);
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let kept = all.trim_end_matches('0');
    let power = power
        .parse::<i64>()
        .ok()?
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(i64::try_from(all.len() - kept.len()).ok()?)?;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return Some((false, String::new(), 0));
    }
    Some((negative, kept.to_owned(), power))
}
