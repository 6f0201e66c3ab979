//! Whole reports of synthetic results.

use super::*;
use crate::results::sample::{PAPER, REGIMES, Shape};

fn made(shape: &Shape) -> Report {
    report(&shape.results(), &Options::default()).unwrap()
}

#[test]
fn dump() {
    for (name, shape) in [("paper", PAPER), ("regimes", REGIMES)] {
        let made = made(&shape);
        std::fs::create_dir_all(format!("/tmp/labx/out/{name}")).unwrap();
        std::fs::write(format!("/tmp/labx/out/{name}.html"), &made.html).unwrap();
        let fonts = png::Fonts::of_system().unwrap();
        for f in &made.figures {
            std::fs::write(format!("/tmp/labx/out/{name}/{}.svg", f.name), &f.svg).unwrap();
            std::fs::write(
                format!("/tmp/labx/out/{name}/{}.png", f.name),
                fonts.draw(&f.svg).unwrap(),
            )
            .unwrap();
        }
    }
}
