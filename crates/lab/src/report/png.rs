//! Pictures of figures for where SVG cannot go.
//!
//! Text needs a font of the system; a picture without its numbers would mislead, so that without a
//! font there is none. On Debian and Ubuntu the package `fonts-dejavu-core` brings one.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

/// Pixels per unit.
const SCALE: f32 = 2.0;
/// Pixels of a side at most; a figure with 24 panels stays well below.
const SIDE_MAX: f32 = 16_384.0;
/// Fonts that are looked for first; their widths are what the charts leave room for.
const FAMILIES: [&str; 5] = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica"];

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system has no font.
    #[error(
        "found no font on this system, expected one for the pictures' text; install a package such as `fonts-dejavu-core`"
    )]
    NoFont,
    /// The SVG cannot be read.
    #[error("the figure cannot be drawn")]
    Svg(#[source] usvg::Error),
    /// The picture would be too large.
    #[error("found a figure of {width} by {height} pixels, expected at most {max} a side", max = SIDE_MAX)]
    TooLarge {
        /// Its width in pixels.
        width: f32,
        /// Its height in pixels.
        height: f32,
    },
    /// The picture cannot be written.
    #[error("the picture cannot be encoded: {0}")]
    Encode(String),
}

/// The system's fonts.
#[derive(Debug, Clone)]
pub struct Fonts {
    fonts: Arc<fontdb::Database>,
    /// What text without a family of its own is set in.
    family: String,
}

impl Fonts {
    /// Looks for the system's fonts.
    ///
    /// # Errors
    /// [`Error::NoFont`] if there are none.
    pub fn of_system() -> Result<Self, Error> {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        Self::of(fonts)
    }

    fn of(mut fonts: fontdb::Database) -> Result<Self, Error> {
        let names = |face: &fontdb::FaceInfo| -> Vec<String> {
            face.families.iter().map(|(name, _)| name.clone()).collect()
        };
        let known: Vec<String> = fonts.faces().flat_map(names).collect();
        let usual = FAMILIES.into_iter().find(|family| known.iter().any(|name| name == family));
        let Some(family) = usual.map(str::to_owned).or_else(|| known.first().cloned()) else {
            return Err(Error::NoFont);
        };
        fonts.set_sans_serif_family(family.clone());
        Ok(Self { fonts: Arc::new(fonts), family })
    }

    /// Draws one of our figures as PNG, two pixels per unit.
    ///
    /// # Errors
    /// If the SVG cannot be read or the picture would be too large.
    pub fn draw(&self, svg: &str) -> Result<Vec<u8>, Error> {
        let options = usvg::Options {
            fontdb: Arc::clone(&self.fonts),
            font_family: self.family.clone(),
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(svg, &options).map_err(Error::Svg)?;
        let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
        let too_large = Error::TooLarge { width, height };
        if width.max(height) > SIDE_MAX {
            return Err(too_large);
        }
        let mut picture =
            Pixmap::new(width.ceil() as u32, height.ceil() as u32).ok_or(too_large)?;
        resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
        picture.encode_png().map_err(|error| Error::Encode(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"20\"><rect width=\"40\" height=\"20\" fill=\"#ffffff\"/><text x=\"2\" y=\"15\" font-size=\"14\">M</text></svg>";

    #[test]
    fn without_a_font_there_is_no_picture() {
        let error = Fonts::of(fontdb::Database::new()).unwrap_err();
        assert!(error.to_string().contains("fonts-dejavu-core"));
    }

    #[test]
    fn pictures_have_two_pixels_per_unit_and_show_text() {
        let Ok(fonts) = Fonts::of_system() else {
            eprintln!("SKIPPED: this system has no font");
            return;
        };
        let png = fonts.draw(SVG).unwrap();
        let picture = Pixmap::decode_png(&png).unwrap();
        assert_eq!((picture.width(), picture.height()), (80, 40));
        assert!(picture.pixels().iter().any(|pixel| pixel.red() < 100), "no text was drawn");
    }

    #[test]
    fn a_figure_too_large_is_refused() {
        let Ok(fonts) = Fonts::of(fontdb::Database::new()).or_else(|_| Fonts::of_system()) else {
            eprintln!("SKIPPED: this system has no font");
            return;
        };
        let svg = SVG.replace("width=\"40\"", "width=\"9000\"");
        assert!(matches!(fonts.draw(&svg), Err(Error::TooLarge { .. })));
        assert!(matches!(fonts.draw("<svg"), Err(Error::Svg(_))));
    }
}
