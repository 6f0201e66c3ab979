//! How the screen looks, from 40 columns up: the list, the selected decision, a status line.
//!
//! Wide screens put list and decision side by side, narrow ones one above the other.

use npo_api::decision::Disposition;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line as Row, Span, Text};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};

use super::model::{ITEMS_MAX, Item, Link, Model, Pane, Purpose};
use crate::text::explanation::{self, risk_tone};
use crate::text::{Line, Tone, clean, cut, shorten, when, width, wrap};

/// From so many columns on, list and decision stand side by side.
const SIDE_BY_SIDE: u16 = 72;
/// Rows that an item takes: where the list is narrow, the entity has one of its own.
const ROWS_BESIDE: u16 = 3;
const ROWS_ABOVE: u16 = 2;
/// A countdown that is shorter asks for care.
const EXPIRES_SOON_MS: i64 = 120_000;
/// What the keys do.
const HELP: [(&str, &str); 11] = [
    ("j k ↓ ↑", "move"),
    ("l", "like: affirm the action"),
    ("o", "override this decision"),
    ("n", "neutral: no opinion"),
    ("s", "skip: abstain from judging"),
    ("e", "evidence or everything"),
    ("B", "red button: type/site/all"),
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
    let list = (area.height * 2 / 5 / ROWS_ABOVE * ROWS_ABOVE).max(ROWS_ABOVE);
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
    // A full list has perhaps not all of them.
    let more = if model.items.len() >= ITEMS_MAX { "+" } else { "" };
    let open = format!("npo  {}{more} open  ", model.items.len());
    let held = match model.held.as_slice() {
        [] => String::new(),
        held => format!("HELD: {}  ", clean(&held.join(", "))),
    };
    let room = usize::from(columns).saturating_sub(width(&open));
    let held = cut(&held, room);
    let room = room.saturating_sub(width(&held));
    style_line(
        &Line::of(Tone::Strong, open).and(Tone::Bad, held).and(tone, cut(&link, room)),
        colour,
    )
}

fn bottom_line(model: &Model, columns: u16, colour: bool) -> Row<'static> {
    let columns = usize::from(columns);
    if let Some(typing) = &model.typing {
        let prompt = match &typing.purpose {
            Purpose::Override(id) => format!("why override {id}? "),
            Purpose::Hold(scope) => format!("why hold {}? ", clean(&scope.words())),
        };
        let room = columns.saturating_sub(width(&prompt) + 1);
        // The end is what is being typed.
        let shown: String = tail(&clean(&typing.text), room);
        return style_line(
            &Line::of(Tone::Bad, prompt).and(Tone::Plain, format!("{shown}▏")),
            colour,
        );
    }
    if model.choosing {
        return style_line(&Line::of(Tone::Bad, cut(&choices(model), columns)), colour);
    }
    let (tone, words) = &model.status;
    style_line(&Line::of(*tone, cut(&clean(words), columns)), colour)
}

/// On what the red button can be pressed from here.
fn choices(model: &Model) -> String {
    let mut words = "hold ".to_owned();
    if let Some(item) = model.selected_item() {
        words.push_str(&format!("t {}, ", clean(&item.decision.scenario_type)));
        if !item.decision.site.is_empty() {
            words.push_str(&format!("s {}, ", clean(&item.decision.site)));
        }
    }
    words + "a all? any other key: no"
}

fn tail(text: &str, columns: usize) -> String {
    let start = text.char_indices().map(|(at, _)| at).find(|at| width(&text[*at..]) <= columns);
    text[start.unwrap_or(text.len())..].to_owned()
}

fn draw_list(frame: &mut Frame<'_>, model: &Model, area: Rect, colour: bool) {
    let is_beside = area.width < frame.area().width;
    let item_rows = if is_beside { ROWS_BESIDE } else { ROWS_ABOVE };
    let shown = usize::from(area.height / item_rows).max(1);
    let selected = model.selected_ix().unwrap_or(0);
    let first = (selected + 1).saturating_sub(shown);
    let columns = usize::from(area.width) - usize::from(is_beside);
    let rows = model.items.iter().enumerate().skip(first).take(shown).flat_map(|(ix, item)| {
        let is_selected = ix == selected;
        item_lines(item, model.now_ms, is_selected, columns, is_beside).into_iter().map(
            move |line| {
                let row = style_line(&line, colour);
                if is_selected {
                    row.patch_style(Style::new().add_modifier(Modifier::REVERSED))
                } else {
                    row
                }
            },
        )
    });
    let text: Vec<Row<'_>> = rows.collect();
    let borders = if is_beside { Borders::RIGHT } else { Borders::NONE };
    frame.render_widget(Paragraph::new(text).block(Block::new().borders(borders)), area);
}

/// Score, risk, type and age; then entity, action and the time that is left.
fn item_lines(
    item: &Item,
    now_ms: i64,
    is_selected: bool,
    columns: usize,
    is_tall: bool,
) -> Vec<Line> {
    let Item { decision, made_ms, expires_ms } = item;
    let mark = if is_selected { "▶" } else { " " };
    let age = when::brief(now_ms - made_ms);
    let risk = shorten(&clean(&decision.risk), 8);
    let head = format!("{mark}{:.2} ", decision.score);
    let room = columns.saturating_sub(width(&head) + width(&risk) + 1 + width(&age) + 1);
    let prefix = match decision.disposition {
        // Held back, and here only for a label: not to be taken for a recommendation.
        Disposition::Audit => "audit: ",
        // Answers of operators are not taken.
        Disposition::Escalated => "escalated: ",
        // It goes on already; an override stops it.
        Disposition::Automatic => "automatic: ",
        Disposition::Surfaced | Disposition::Abstained | Disposition::Blocked => "",
    };
    let left = room.saturating_sub(width(prefix));
    let kind = format!("{prefix}{}", shorten(&clean(&decision.scenario_type), left));
    let kind = pad(&cut(&kind, room), room);
    let first = Line::of(Tone::Strong, head)
        .and(risk_tone(&decision.risk), format!("{risk} "))
        .and(Tone::Plain, kind)
        .and(Tone::Faint, format!(" {age}"));
    let left_ms = expires_ms - now_ms;
    let left =
        if left_ms > 0 { format!("{} left", when::brief(left_ms)) } else { "expired".to_owned() };
    let tone = if left_ms < EXPIRES_SOON_MS { Tone::Care } else { Tone::Faint };
    let room = columns.saturating_sub(2 + width(&left));
    let (entity, action) = (clean(&decision.entity), clean(&decision.action));
    let with_left = |text: &str| {
        Line::plain(format!(" {}", pad(&shorten(text, room), room))).and(tone, format!(" {left}"))
    };
    if is_tall {
        let entity = shorten(&entity, columns.saturating_sub(1));
        return vec![
            first,
            Line::plain(format!(" {}", pad(&entity, columns.saturating_sub(1)))),
            with_left(&action),
        ];
    }
    let entity = shorten(&entity, room.saturating_sub(width(&action) + 1).max(8));
    vec![first, with_left(&format!("{entity} {action}"))]
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
mod tests;
