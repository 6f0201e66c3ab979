//! How the screen looks, from 40 columns up: the list, the selected decision, a status line.
//!
//! Wide screens put list and decision side by side, narrow ones one above the other.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line as Row, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

use super::model::{Item, Link, Model, Pane};
use crate::text::explanation::{self, risk_tone};
use crate::text::{Line, Tone, clean, shorten, when, width, wrap};

/// From so many columns on, list and decision stand side by side.
const SIDE_BY_SIDE: u16 = 72;
/// Rows that an item takes.
const ITEM_ROWS: u16 = 2;
/// What the keys do.
const HELP: [(&str, &str); 10] = [
    ("j k ↓ ↑", "move"),
    ("l", "like: affirm the action"),
    ("o", "override: the red button"),
    ("n", "neutral: no opinion"),
    ("s", "skip: abstain from judging"),
    ("e", "evidence or everything"),
    ("space PgUp", "scroll"),
    ("r", "refresh"),
    ("?", "this help"),
    ("q", "quit"),
];

/// Draws the model; colours only where they are wanted.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, colour: bool) {
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(Paragraph::new(title(model, top.width, colour)), top);
    if model.items.is_empty() {
        let words = match model.link {
            Link::Connecting => "Connecting …",
            Link::Live | Link::Lost(_) => "Nothing waits for an answer.",
        };
        frame.render_widget(
            Paragraph::new(style_line(&Line::of(Tone::Faint, words), colour)),
            middle,
        );
    } else {
        let (list, detail) = split(middle);
        draw_list(frame, model, list, colour);
        draw_detail(frame, model, detail, colour);
    }
    frame.render_widget(Paragraph::new(bottom_line(model, bottom.width, colour)), bottom);
    if model.help {
        draw_help(frame, middle, colour);
    }
}

fn split(area: Rect) -> (Rect, Rect) {
    if area.width >= SIDE_BY_SIDE {
        let list = (area.width * 2 / 5).clamp(30, 48);
        let [list, detail] =
            Layout::horizontal([Constraint::Length(list), Constraint::Min(1)]).areas(area);
        return (list, detail);
    }
    // Whole items only; the decision gets the larger part.
    let list = (area.height * 2 / 5 / ITEM_ROWS * ITEM_ROWS).max(ITEM_ROWS);
    let [list, detail] =
        Layout::vertical([Constraint::Length(list), Constraint::Min(1)]).areas(area);
    (list, detail)
}

fn title(model: &Model, columns: u16, colour: bool) -> Row<'static> {
    let (tone, link) = match &model.link {
        Link::Connecting => (Tone::Faint, "connecting".to_owned()),
        Link::Live => (Tone::Good, "live".to_owned()),
        Link::Lost(why) => (Tone::Bad, format!("connection lost: {}", clean(why))),
    };
    let open = format!("npo  {} open  ", model.items.len());
    let room = usize::from(columns).saturating_sub(width(&open));
    style_line(&Line::of(Tone::Strong, open).and(tone, shorten(&link, room)), colour)
}

fn bottom_line(model: &Model, columns: u16, colour: bool) -> Row<'static> {
    let columns = usize::from(columns);
    if let Some(typing) = &model.typing {
        let prompt = format!("why override {}? ", typing.id);
        let room = columns.saturating_sub(width(&prompt) + 1);
        // The end is what is being typed.
        let shown: String = tail(&clean(&typing.text), room);
        return style_line(
            &Line::of(Tone::Bad, prompt).and(Tone::Plain, format!("{shown}▏")),
            colour,
        );
    }
    let (tone, words) = &model.status;
    style_line(&Line::of(*tone, shorten(&clean(words), columns)), colour)
}

fn tail(text: &str, columns: usize) -> String {
    let start = text.char_indices().map(|(at, _)| at).find(|at| width(&text[*at..]) <= columns);
    text[start.unwrap_or(text.len())..].to_owned()
}

fn draw_list(frame: &mut Frame<'_>, model: &Model, area: Rect, colour: bool) {
    let shown = usize::from(area.height / ITEM_ROWS).max(1);
    let selected = model.selected_ix().unwrap_or(0);
    let first = (selected + 1).saturating_sub(shown);
    let beside = usize::from(area.width >= SIDE_BY_SIDE || area.width < frame.area().width);
    let columns = usize::from(area.width) - beside;
    let rows = model.items.iter().enumerate().skip(first).take(shown).flat_map(|(ix, item)| {
        let is_selected = ix == selected;
        item_lines(item, model, is_selected, columns).map(|line| {
            let row = style_line(&line, colour);
            if is_selected {
                row.patch_style(Style::new().add_modifier(Modifier::REVERSED))
            } else {
                row
            }
        })
    });
    let text: Vec<Row<'_>> = rows.collect();
    let borders = if beside == 1 { Borders::RIGHT } else { Borders::NONE };
    frame.render_widget(Paragraph::new(text).block(Block::new().borders(borders)), area);
}

/// Score, risk, type and age; below them entity, action and the time that is left.
fn item_lines(item: &Item, model: &Model, is_selected: bool, columns: usize) -> [Line; 2] {
    let Item { decision, made_ms, expires_ms } = item;
    let mark = if is_selected { "▶" } else { " " };
    let age = when::brief(model.now_ms - made_ms);
    let risk = shorten(&clean(&decision.risk), 8);
    let head = format!("{mark}{:.2} ", decision.score);
    let room = columns.saturating_sub(width(&head) + width(&risk) + 1 + width(&age) + 1);
    let kind = pad(&shorten(&clean(&decision.scenario_type), room), room);
    let first = Line::of(Tone::Strong, head)
        .and(risk_tone(&decision.risk), format!("{risk} "))
        .and(Tone::Plain, kind)
        .and(Tone::Faint, format!(" {age}"));
    let left_ms = expires_ms - model.now_ms;
    let left =
        if left_ms > 0 { format!("{} left", when::brief(left_ms)) } else { "expired".to_owned() };
    let tone = if left_ms < 120_000 { Tone::Care } else { Tone::Faint };
    let room = columns.saturating_sub(2 + width(&left));
    let action = clean(&decision.action);
    let entity = shorten(&clean(&decision.entity), room.saturating_sub(width(&action) + 2).max(8));
    let middle = pad(&shorten(&format!("{entity} {action}"), room.saturating_sub(1)), room);
    [first, Line::plain(" ").and(Tone::Plain, middle).and(tone, format!(" {left}"))]
}

fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

fn draw_detail(frame: &mut Frame<'_>, model: &Model, area: Rect, colour: bool) {
    let Some(item) = model.selected_item() else { return };
    let stacked = area.width == frame.area().width;
    let block = if stacked { Block::new().borders(Borders::TOP) } else { Block::new() };
    let inner = block.inner(area);
    let inner = if stacked {
        inner
    } else {
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner }
    };
    frame.render_widget(block, area);
    let columns = usize::from(inner.width);
    let lines = match (model.details.get(&item.decision.id), model.pane) {
        (Some(detail), Pane::Evidence) => explanation::evidence(detail, columns),
        (Some(detail), Pane::Full) => explanation::full(detail, columns),
        (None, _) => {
            let headline = wrap(&clean(&item.decision.headline), columns, 0);
            headline.into_iter().map(|line| Line::of(Tone::Strong, line)).collect()
        }
    };
    let room = usize::from(inner.height);
    let scroll = usize::from(model.scroll).min(lines.len().saturating_sub(room));
    let rows: Vec<Row<'_>> =
        lines.iter().skip(scroll).take(room).map(|line| style_line(line, colour)).collect();
    frame.render_widget(Paragraph::new(rows), inner);
    if lines.len() > scroll + room && room > 0 {
        let more = Rect { y: inner.y + inner.height - 1, height: 1, ..inner };
        frame.render_widget(Clear, more);
        let words = format!("… {} more lines: space", lines.len() - scroll - room + 1);
        frame
            .render_widget(Paragraph::new(style_line(&Line::of(Tone::Faint, words), colour)), more);
    }
}

fn draw_help(frame: &mut Frame<'_>, area: Rect, colour: bool) {
    let box_width = area.width.min(42);
    let box_height = area.height.min(HELP.len() as u16 + 2);
    let place = Rect {
        x: area.x + (area.width - box_width) / 2,
        y: area.y + (area.height - box_height) / 2,
        width: box_width,
        height: box_height,
    };
    let rows: Vec<Row<'_>> = HELP
        .iter()
        .map(|(keys, words)| {
            style_line(
                &Line::of(Tone::Strong, format!(" {}", pad(keys, 11))).and(Tone::Plain, *words),
                colour,
            )
        })
        .collect();
    frame.render_widget(Clear, place);
    frame.render_widget(
        Paragraph::new(Text::from(rows)).block(Block::bordered().title(" keys ")),
        place,
    );
}

fn style_line(line: &Line, colour: bool) -> Row<'static> {
    Row::from(
        line.0
            .iter()
            .map(|(tone, text)| Span::styled(text.clone(), style(*tone, colour)))
            .collect::<Vec<_>>(),
    )
}

fn style(tone: Tone, colour: bool) -> Style {
    let coloured =
        |colour_of: Color| if colour { Style::new().fg(colour_of) } else { Style::new() };
    match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => Style::new().add_modifier(Modifier::BOLD),
        Tone::Faint => Style::new().add_modifier(Modifier::DIM),
        Tone::Good => coloured(Color::Green),
        Tone::Bad => coloured(Color::Red),
        Tone::Care => coloured(Color::Yellow),
    }
}

#[cfg(test)]
mod tests {
    use npo_api::decision::Decision;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::model::{Event, Key, Typing};
    use super::super::update::update;
    use super::*;
    use crate::client::sse::Told;
    use crate::sample;

    fn screen() -> Model {
        let mut model = Model::new(sample::MADE_MS);
        let second = Decision {
            scenario_type: "link-imbalance".into(),
            entity: "spine3→leaf1".into(),
            action: "rebalance-ecmp".into(),
            risk: "medium".into(),
            score: 0.61,
            ..sample::decision("d41")
        };
        let third = Decision {
            entity: "a-device-with-a-very-long-name.site-7.example:FourHundredGigE0/0/0/31".into(),
            risk: "critical".into(),
            expires_at: "2026-03-01T10:05:00Z".into(),
            ..sample::decision("d40")
        };
        for event in [
            Event::Stream(Told::Connected),
            Event::Loaded(Ok(vec![sample::decision("d42"), second, third])),
            Event::Detail("d42".into(), Ok(Box::new(sample::detail("d42")))),
            Event::Tick(sample::MADE_MS + 4 * 60_000),
        ] {
            model = update(model, event).0;
        }
        model
    }

    fn drawn(model: &Model, columns: u16, rows: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test terminal");
        terminal.draw(|frame| draw(frame, model, true)).expect("draws");
        let buffer = terminal.backend().buffer().clone();
        let row = |y| {
            (0..columns).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned()
                + "\n"
        };
        (0..rows).map(row).collect()
    }

    /// Compares with `snapshots/NAME.txt`; `NPO_UPDATE_SNAPSHOTS=1` writes it instead.
    fn check(name: &str, model: &Model, columns: u16, rows: u16) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("src/watch/snapshots/{name}.txt"));
        let found = drawn(model, columns, rows);
        if std::env::var_os("NPO_UPDATE_SNAPSHOTS").is_some() {
            std::fs::create_dir_all(path.parent().expect("has one")).expect("makes");
            std::fs::write(&path, &found).expect("writes");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "{name} looks different; NPO_UPDATE_SNAPSHOTS=1 accepts it\nfound:\n{found}\nexpected:\n{expected}"
        );
    }

    #[test]
    fn the_screen_looks_as_reviewed() {
        let model = screen();
        check("wide", &model, 80, 24);
        check("narrow", &model, 40, 20);
        let full = Model { pane: Pane::Full, ..model.clone() };
        check("full", &full, 80, 40);
        let help = update(model.clone(), Event::Key(Key::Char('?'))).0;
        check("help", &help, 80, 24);
        check("help-narrow", &help, 40, 20);
        let typing = Model {
            typing: Some(Typing { id: "d42".into(), text: "the peer is being serviced".into() }),
            ..model
        };
        check("typing-narrow", &typing, 40, 20);
        check("empty", &Model::new(0), 80, 24);
    }

    #[test]
    fn any_size_can_be_drawn() {
        let mut model = screen();
        model.link = Link::Lost("no route".into());
        model.help = true;
        for columns in [1, 2, 7, 20, 39, 71, 72, 200] {
            for rows in [1, 2, 3, 5, 24, 100] {
                drawn(&model, columns, rows);
            }
        }
    }

    #[test]
    fn the_selected_decision_is_always_in_sight() {
        let mut model = Model::new(sample::MADE_MS);
        let decisions = (0..50).map(|n| Decision {
            entity: format!("entity-{n}"),
            ..sample::decision(&format!("d{n}"))
        });
        model = update(model, Event::Loaded(Ok(decisions.collect()))).0;
        for n in 0..50 {
            let text = drawn(&model, 80, 24);
            assert!(text.lines().any(|line| line.starts_with('▶')), "{n}:\n{text}");
            assert!(text.contains(&format!(" entity-{n} ")), "{n}:\n{text}");
            model = update(model, Event::Key(Key::Char('j'))).0;
        }
    }
}
