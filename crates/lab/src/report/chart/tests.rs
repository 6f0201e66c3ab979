//! Ticks for any values, labels that do not touch, and small charts as they are drawn.

use super::frame::apart;
use super::style::Style;
use super::*;
use crate::results::sample::noise;

/// Values of many sizes and signs.
fn values(seed: u64) -> Vec<f64> {
    let size = 10_f64.powf(9.0 * noise(&[seed, 1]));
    let shift = if seed.is_multiple_of(3) { 0.0 } else { 50.0 * size * noise(&[seed, 2]) };
    (0..1 + seed % 7).map(|at| shift + size * noise(&[seed, 3, at])).collect()
}

#[test]
fn scales_hold_their_values_with_few_round_ticks() {
    for seed in 0..3_000 {
        let values = values(seed);
        let scale = Scale::around(values.iter().copied(), 5);
        let slack = (scale.high - scale.low) * 1e-6;
        for value in &values {
            let inside = (scale.low - slack..=scale.high + slack).contains(value);
            assert!(inside, "{seed}: {value} beyond {} to {}", scale.low, scale.high);
        }
        assert!((2..=9).contains(&scale.ticks.len()), "{seed}: {:?}", scale.ticks);
        let step = scale.ticks[1] - scale.ticks[0];
        let leading = step / 10_f64.powf(step.log10().floor());
        let round = [1.0, 2.0, 2.5, 5.0, 10.0].iter().any(|round| (leading - round).abs() < 1e-3);
        assert!(round, "{seed}: step {step}");
        assert!(scale.ticks.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn labels_of_ticks_tell_them_apart() {
    for seed in 0..3_000 {
        let scale = Scale::around(values(seed).into_iter(), 5);
        let labels: Vec<String> = scale.ticks.iter().map(|tick| scale.label(*tick)).collect();
        assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{seed}: {labels:?}");
    }
}

#[test]
fn scales_of_nothing_or_of_nonsense_are_still_scales() {
    let check = |values: &[f64], low: f64, high: f64| {
        let scale = Scale::around(values.iter().copied(), 5);
        let near = (scale.low - low).abs() < 1e-9 && (scale.high - high).abs() < 1e-9;
        assert!(near, "{values:?}: {} to {}", scale.low, scale.high);
    };
    check(&[], 0.0, 1.0);
    check(&[f64::NAN, f64::INFINITY, 1e306], 0.0, 1.0);
    check(&[0.0], -0.6, 0.6);
    check(&[0.1, 0.3], 0.1, 0.3);
    check(&[3.0, 291.0], 0.0, 300.0);
    assert_eq!(Scale::up_to(0.0, 5).high, 1.0);
    assert_eq!(Scale::up_to(f64::NAN, 5).high, 1.0);
}

#[test]
fn labels_stand_apart_and_near_their_lines() {
    for seed in 0..500_u64 {
        let count = 1 + seed % 6;
        let wanted: Vec<f64> = (0..count).map(|at| 150.0 + 100.0 * noise(&[seed, at])).collect();
        let mut places = apart(&wanted, 50.0, 250.0);
        assert!(places.iter().all(|place| (50.0..=250.0).contains(place)), "{places:?}");
        places.sort_by(f64::total_cmp);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 13.999), "{places:?}");
    }
    assert_eq!(apart(&[100.0, 104.0], 0.0, 200.0), [95.0, 109.0]);
    assert_eq!(apart(&[100.0, 180.0], 0.0, 200.0), [100.0, 180.0]);
    assert_eq!(apart(&[200.0, 200.0], 0.0, 200.0), [186.0, 200.0]);
}

fn point(x: f64, y: f64, half: f64) -> Option<Point> {
    Some(Point { x, y, half: Some(half) })
}

fn lines(points: Vec<Option<Point>>) -> Panel {
    let line = Line { label: "full".to_owned(), style: Style::Series(1), points };
    let chart = Lines {
        title: "a <world>",
        x_title: "Episodes",
        y_title: "Loss (0 to 1)",
        x_end: 100.0,
        lines: vec![line],
        level: Some((0.2, "never acting")),
        named: true,
        include: vec![0.0],
    };
    chart.draw()
}

fn check_holds(body: &str, expected: &[&str]) {
    for part in expected {
        assert!(body.contains(part), "{body}\nlacks {part}");
    }
}

#[test]
fn a_line_has_a_band_a_marker_a_name_and_gaps() {
    let points = vec![point(50.0, 0.4, 0.1), point(60.0, 0.4, 0.1), None, point(100.0, 0.2, 0.1)];
    let panel = lines(points);
    check_holds(
        &panel.body,
        &[
            // Plot from 50 to 258 for 0.5 to 0; from 46 to 416 for 0 to 100 episodes.
            "<path class=\"bd f1\" d=\"M231 50L268 50L268 133.2L231 133.2\"/>",
            "<path class=\"l s1 d1\" d=\"M231 91.6L268 91.6M416 174.8\"/>",
            "<text class=\"tt\" x=\"2\" y=\"16\">a &lt;world&gt;</text>",
            "<title>full, 100 episodes: 0.20 ± 0.10</title>",
            "<line class=\"rf\" x1=\"46\" y1=\"174.8\" x2=\"416\" y2=\"174.8\"/>",
            "<text class=\"tx\" x=\"427\" y=\"178.8\">full</text>",
        ],
    );
    assert_eq!(
        panel.description,
        "Loss (0 to 1) over episodes. full: from 0.40 ± 0.10 to 0.20 ± 0.10. never acting: 0.200."
    );
}

#[test]
fn lines_without_points_draw_no_nonsense() {
    for points in
        [vec![], vec![None, None], vec![Some(Point { x: 100.0, y: f64::NAN, half: None })]]
    {
        let body = lines(points).body;
        assert!(!body.contains("inf") && !body.contains("MNaN"), "{body}");
    }
}

#[test]
fn a_row_beyond_the_axis_is_an_arrow() {
    let entry = |mean: f64| Entry {
        label: "paper".to_owned(),
        style: Style::Series(2),
        mean,
        interval: Some((mean - 2.0, mean + 2.0)),
        number: crate::results::number(mean, Some(2.0)),
        hollow: false,
        beside: None,
    };
    let chart = Rows {
        title: "w",
        x_title: "Regret (likes)",
        heading: "mean ± 95 %",
        mark: Mark::Dot,
        entries: vec![entry(50.0), entry(400.0)],
        scale: Scale::around([0.0, 100.0].into_iter(), 4),
        beside: "",
    };
    let panel = chart.draw();
    assert_eq!(panel.height, 140.0);
    check_holds(
        &panel.body,
        &["<path class=\"m f2\" d=\"M", ">400.0 ± 2.0</text>", ">50.0 ± 2.0</text>"],
    );
    // Only the first row has whiskers.
    assert_eq!(panel.body.matches("class=\"e s2\"").count(), 3);
}

#[test]
fn text_from_outside_cannot_leave_its_place() {
    assert_eq!(
        escape("<b a=\"1\" c='2'>&\u{0}\u{fffe}"),
        "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;\u{fffd}\u{fffd}"
    );
}

/// Relative luminance of `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
        let share = f64::from(value) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn colours_stand_out_from_their_ground() {
    let (_, light, dark) = style::GROUND[0];
    for (name, on_light, on_dark) in style::colours() {
        let least = match name.as_str() {
            "paper" | "grid" | "context" => continue,
            "ink" | "faint" => 4.5,
            _ => 3.0,
        };
        assert!(
            contrast(on_light, light) >= least,
            "{name} on light: {}",
            contrast(on_light, light)
        );
        assert!(contrast(on_dark, dark) >= least, "{name} on dark: {}", contrast(on_dark, dark));
    }
}
