//! The tray's picture: the app's icon, with a mark in a corner that says what is so by its shape and
//! colour both.

use tauri::image::Image;

use super::state::Worst;

/// The mark's colours, outline first; of the panel's own palette.
const WHITE: [u8; 3] = [0xFF, 0xFF, 0xFF];
const RUNNING: [u8; 3] = [0x4B, 0x3F, 0xB5];
const CONFLICT: [u8; 3] = [0x9A, 0x15, 0x66];
const FAILED: [u8; 3] = [0xB0, 0x21, 0x1A];

/// What is in the corner.
#[derive(Clone, Copy)]
enum Shape {
    /// A round mark.
    Disc,
    /// A square on its tip.
    Diamond,
    /// A square with a bar through it, as signs that forbid have.
    Square,
}

/// `icon` with the mark for `worst`.
pub(super) fn marked(icon: &Image<'_>, worst: Worst) -> Image<'static> {
    let (width, height) = (icon.width(), icon.height());
    let mut pixels = icon.rgba().to_vec();
    let mark = match worst {
        Worst::Fine => None,
        Worst::Running => Some((Shape::Disc, RUNNING)),
        Worst::Conflicts => Some((Shape::Diamond, CONFLICT)),
        Worst::Failed => Some((Shape::Square, FAILED)),
    };
    if let Some((shape, colour)) = mark {
        draw(&mut pixels, width, height, shape, colour);
    }
    Image::new_owned(pixels, width, height)
}

/// Draws into the lower right corner, about half of the icon wide, with a white rim.
fn draw(pixels: &mut [u8], width: u32, height: u32, shape: Shape, colour: [u8; 3]) {
    let radius = i64::from(width.min(height)) * 9 / 32;
    let rim = (radius / 5).max(1);
    let (x0, y0) = (
        i64::from(width) - radius - 1,
        i64::from(height) - radius - 1,
    );
    for (at, pixel) in (0_i64..).zip(pixels.chunks_exact_mut(4)) {
        let (x, y) = (at % i64::from(width) - x0, at / i64::from(width) - y0);
        let within = |radius: i64| match shape {
            Shape::Disc => x * x + y * y <= radius * radius,
            Shape::Diamond => x.abs() + y.abs() <= radius,
            Shape::Square => x.abs().max(y.abs()) <= radius - rim,
        };
        let bar = matches!(shape, Shape::Square) && y.abs() <= rim / 2 && x.abs() <= radius / 2;
        let paint = if bar || (within(radius) && !within(radius - rim)) {
            WHITE
        } else if within(radius - rim) {
            colour
        } else {
            continue;
        };
        if let [red, green, blue, alpha] = pixel {
            [*red, *green, *blue] = paint;
            *alpha = u8::MAX;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_picture_of_its_own_and_the_rest_stays() {
        let plain = Image::new_owned(vec![7; 32 * 32 * 4], 32, 32);
        let all = [Worst::Fine, Worst::Running, Worst::Conflicts, Worst::Failed];
        let pictures: Vec<Vec<u8>> = all
            .iter()
            .map(|worst| marked(&plain, *worst).rgba().to_vec())
            .collect();
        assert_eq!(pictures[0], plain.rgba());
        for (at, one) in pictures.iter().enumerate() {
            assert!(!pictures[..at].contains(one), "{:?}", all[at]);
            // The upper left half of the icon says which program it is.
            assert_eq!(one[..32 * 12 * 4], plain.rgba()[..32 * 12 * 4]);
        }
        // Shapes differ too, for whoever tells no colours apart.
        let shape =
            |pixels: &[u8]| -> Vec<bool> { pixels.chunks(4).map(|it| it[..3] == WHITE).collect() };
        assert_ne!(shape(&pictures[1]), shape(&pictures[2]));
        assert_ne!(shape(&pictures[2]), shape(&pictures[3]));
    }
}
