//! How the screen changes: an event in, the next model and errands out. Nothing else happens here.

use npo_api::decision::{Decision, DecisionDetail};
use npo_api::feedback::{Feedback, Signal};
use npo_api::oversight::{RedButton, RedButtonOrder, Scope, ScopeKind};

use super::model::{
    DETAILS_MAX, Effect, Event, ITEMS_MAX, Item, Key, Link, Model, Pane, Purpose, REASON_BYTES_MAX,
    Refusal, SETTLE_MS, Typing,
};
use crate::client::sse::{Happening, Told};
use crate::text::Tone;
use crate::text::explanation::signal_name;

/// What follows from an event.
pub(super) fn update(mut model: Model, event: Event) -> (Model, Vec<Effect>) {
    let effects = match event {
        Event::Key(key) => press(&mut model, key),
        Event::Tick(now_ms) => {
            model.now_ms = now_ms;
            Vec::new()
        }
        Event::Stream(told) => tell(&mut model, told),
        Event::Loaded(loaded) => load(&mut model, loaded),
        Event::Detail(id, detail) => keep_detail(&mut model, id, detail),
        Event::Answered(id, answer) => answered(&mut model, &id, answer),
        Event::Held(held) => {
            // Whoever may not read it sees decisions without it, as before.
            model.held = held.map(words).unwrap_or_default();
            Vec::new()
        }
        Event::Pressed(scope, held) => pressed(&mut model, &scope, held),
    };
    (model, effects)
}

fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    if key == Key::Interrupt {
        return vec![Effect::Quit];
    }
    if model.typing.is_some() {
        return type_reason(model, key);
    }
    if model.choosing {
        return choose(model, key);
    }
    if model.help {
        model.help = false;
        return if key == Key::Char('q') { vec![Effect::Quit] } else { Vec::new() };
    }
    match key {
        Key::Char('j') | Key::Down => step(model, 1),
        Key::Char('k') | Key::Up => step(model, -1),
        Key::PageDown | Key::Char(' ') => scroll(model, 8),
        Key::PageUp => scroll(model, -8),
        Key::Char('l') => answer(model, Signal::Like),
        Key::Char('n') => answer(model, Signal::Neutral),
        Key::Char('s') => answer(model, Signal::Skipped),
        Key::Char('o') => start_reason(model),
        Key::Char('B') => {
            model.choosing = true;
            Vec::new()
        }
        Key::Char('e') => {
            model.pane = match model.pane {
                Pane::Evidence => Pane::Full,
                Pane::Full => Pane::Evidence,
            };
            model.scroll = 0;
            Vec::new()
        }
        Key::Char('r') => refresh(model),
        Key::Char('?') => {
            model.help = true;
            Vec::new()
        }
        Key::Char('q') => vec![Effect::Quit],
        Key::Char(_) | Key::Enter | Key::Escape | Key::Backspace | Key::Interrupt => Vec::new(),
    }
}

fn type_reason(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(mut typing) = model.typing.take() else { return Vec::new() };
    match key {
        Key::Escape => {
            let words = match typing.purpose {
                Purpose::Override(_) => "not overridden",
                Purpose::Hold(_) => "not pressed",
            };
            model.status = (Tone::Faint, words.to_owned());
            return Vec::new();
        }
        Key::Enter => {
            let reason = Some(typing.text.trim().to_owned()).filter(|reason| !reason.is_empty());
            match (typing.purpose, reason) {
                (Purpose::Override(id), reason) => {
                    return send(model, id, Signal::Override, reason);
                }
                (Purpose::Hold(scope), Some(reason)) => {
                    model.status = (Tone::Care, format!("red button on {} …", scope.words()));
                    return vec![Effect::Press(Box::new(RedButtonOrder { scope, reason }))];
                }
                // What stops others needs a word to them.
                (purpose @ Purpose::Hold(_), None) => {
                    typing = Typing { purpose, text: String::new() }
                }
            }
        }
        Key::Backspace => drop(typing.text.pop()),
        Key::Char(c) if typing.text.len() + c.len_utf8() <= REASON_BYTES_MAX => typing.text.push(c),
        Key::Char(_) | Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Interrupt => {}
    }
    model.typing = Some(typing);
    Vec::new()
}

/// On what the red button is to be pressed; anything else than a choice is no.
fn choose(model: &mut Model, key: Key) -> Vec<Effect> {
    model.choosing = false;
    let decision = model.selected_item().map(|item| &item.decision);
    let named = |kind, name: Option<&String>| {
        let name = name.filter(|name| !name.is_empty())?.clone();
        Some(Scope { kind, name: Some(name) })
    };
    let scope = match key {
        Key::Char('a') => Some(Scope { kind: ScopeKind::All, name: None }),
        Key::Char('t') => named(ScopeKind::ScenarioType, decision.map(|d| &d.scenario_type)),
        Key::Char('s') => named(ScopeKind::Site, decision.map(|d| &d.site)),
        _ => None,
    };
    match scope {
        Some(scope) => {
            model.typing = Some(Typing { purpose: Purpose::Hold(scope), text: String::new() });
        }
        None => model.status = (Tone::Faint, "not pressed".to_owned()),
    }
    Vec::new()
}

fn words(held: RedButton) -> Vec<String> {
    held.held.iter().map(|hold| hold.scope.words()).collect()
}

fn pressed(model: &mut Model, scope: &Scope, held: Result<RedButton, String>) -> Vec<Effect> {
    match held {
        Ok(held) => {
            let warning = held.held.iter().find(|hold| hold.scope == *scope);
            // The status is one line: what may not be as it was meant comes before what is next.
            let next = match warning.and_then(|hold| hold.warning.as_deref()) {
                Some(warning) => format!("but {warning}"),
                None => "an approver releases it: npo red-button release".to_owned(),
            };
            model.held = words(held);
            model.status = (Tone::Bad, format!("{} is held; {next}", scope.words()));
        }
        Err(why) => model.status = (Tone::Bad, why),
    }
    Vec::new()
}

fn start_reason(model: &mut Model) -> Vec<Effect> {
    if model.answering.is_none() {
        model.typing = model
            .selected_item()
            .map(|item| Purpose::Override(item.decision.id.clone()))
            .map(|purpose| Typing { purpose, text: String::new() });
    }
    Vec::new()
}

fn answer(model: &mut Model, signal: Signal) -> Vec<Effect> {
    let Some(id) = model.selected_item().map(|item| item.decision.id.clone()) else {
        return Vec::new();
    };
    // Not so the red button, which asks back by name.
    if model.moved_at_ms.is_some_and(|moved| model.now_ms < moved + SETTLE_MS) {
        // A key that is held down keeps it waiting.
        model.moved_at_ms = Some(model.now_ms);
        model.status = (Tone::Care, format!("{id} has only just come up and was not answered"));
        return Vec::new();
    }
    send(model, id, signal, None)
}

/// One answer at a time.
fn send(model: &mut Model, id: String, signal: Signal, reason: Option<String>) -> Vec<Effect> {
    if let Some(other) = &model.answering {
        model.status = (Tone::Care, format!("the answer to {other} is on its way"));
        return Vec::new();
    }

    let request = model.request(&id, signal, reason);
    model.status = (Tone::Faint, format!("{} on {id} …", signal_name(signal)));
    model.answering = Some(id.clone());
    vec![Effect::Answer(id, Box::new(request))]
}

fn answered(model: &mut Model, id: &str, answer: Result<Box<Feedback>, Refusal>) -> Vec<Effect> {
    model.answering = None;
    match answer {
        Ok(feedback) => {
            let Feedback { signal, score_before, score_after, lesson, .. } = *feedback;
            let words = format!(
                "{} on {id}: score {score_before:.3} → {score_after:.3}. {lesson}",
                signal_name(signal)
            );
            model.status = (Tone::Good, words);
            remove(model, id)
        }
        Err(Refusal { words, is_over }) => {
            model.status = (Tone::Bad, words);
            if is_over { remove(model, id) } else { Vec::new() }
        }
    }
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    model.status = (Tone::Faint, "refreshing …".to_owned());
    model.details.clear();
    vec![Effect::LoadOpen, Effect::LoadHeld]
}

fn tell(model: &mut Model, told: Told) -> Vec<Effect> {
    match told {
        Told::Connected => {
            model.link = Link::Live;
            vec![Effect::LoadOpen, Effect::LoadHeld]
        }
        Told::Lost(why) => {
            model.link = Link::Lost(why);
            Vec::new()
        }
        Told::Happened(happening) => happen(model, *happening),
    }
}

fn happen(model: &mut Model, happening: Happening) -> Vec<Effect> {
    let Happening { event, decision } = happening;
    match (event.kind.as_str(), decision) {
        ("decision-made", Some(decision)) => arrive(model, decision),
        // Something about a decision changed; the list says what, whatever the event's form.
        ("decision-made" | "feedback-given" | "decision-expired" | "decision-withdrawn", _) => {
            vec![Effect::LoadOpen]
        }
        ("red-button-pressed" | "red-button-released", _) => vec![Effect::LoadHeld],
        _ => Vec::new(),
    }
}

fn arrive(model: &mut Model, decision: Decision) -> Vec<Effect> {
    let Some(item) = Item::of(decision) else { return Vec::new() };
    if model.items.iter().any(|known| known.decision.id == item.decision.id) {
        return Vec::new();
    }
    model.items.insert(0, item);
    model.items.truncate(ITEMS_MAX);
    reselect(model, 0)
}

fn load(model: &mut Model, loaded: Result<Vec<Decision>, String>) -> Vec<Effect> {
    match loaded {
        Ok(decisions) => {
            let ix = model.selected_ix().unwrap_or(0);
            model.items = decisions.into_iter().filter_map(Item::of).collect();
            if model.status.1 == "refreshing …" {
                model.status = (Tone::Faint, format!("{} open", model.items.len()));
            }
            if let Some(Typing { purpose: Purpose::Override(id), .. }) = &model.typing
                && !model.items.iter().any(|item| item.decision.id == *id)
            {
                model.typing = None;
                model.status =
                    (Tone::Care, "the decision no longer waits for an answer".to_owned());
            }
            reselect(model, ix)
        }
        Err(why) => {
            model.status = (Tone::Bad, why);
            Vec::new()
        }
    }
}

fn keep_detail(
    model: &mut Model,
    id: String,
    detail: Result<Box<DecisionDetail>, String>,
) -> Vec<Effect> {
    match detail {
        Ok(detail) => {
            while model.details.len() >= DETAILS_MAX {
                model.details.pop_first();
            }
            model.details.insert(id, *detail);
        }
        Err(why) => model.status = (Tone::Bad, why),
    }
    Vec::new()
}

fn remove(model: &mut Model, id: &str) -> Vec<Effect> {
    let ix = model.items.iter().position(|item| item.decision.id == id).unwrap_or(0);
    model.items.retain(|item| item.decision.id != id);
    model.details.remove(id);
    reselect(model, ix)
}

fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(ix) = model.selected_ix() else { return reselect(model, 0) };
    let last = model.items.len().saturating_sub(1);
    // Whoever moves knows where to.
    model.moved_at_ms = None;
    select(model, ix.saturating_add_signed(by).min(last))
}

fn scroll(model: &mut Model, by: i16) -> Vec<Effect> {
    model.scroll = model.scroll.saturating_add_signed(by);
    Vec::new()
}

/// Keeps the selection if it is still there; else takes the one that is at `ix` now.
fn reselect(model: &mut Model, ix: usize) -> Vec<Effect> {
    match model.selected_ix() {
        Some(ix) => select(model, ix),
        None => {
            let had_one = model.selected.is_some();
            let effects = select(model, ix.min(model.items.len().saturating_sub(1)));
            model.moved_at_ms = had_one.then_some(model.now_ms);
            effects
        }
    }
}

fn select(model: &mut Model, ix: usize) -> Vec<Effect> {
    let next = model.items.get(ix).map(|item| item.decision.id.clone());
    if next != model.selected {
        if let Some(id) = model.selected.clone() {
            let viewed = model.viewed(&id);
            if model.items.iter().any(|item| item.decision.id == id) {
                model.viewed_ms.insert(id, viewed);
            } else {
                model.viewed_ms.remove(&id);
            }
        }
        model.viewing_since_ms = model.now_ms;
        model.scroll = 0;
        model.selected = next;
    }
    match &model.selected {
        Some(id) if !model.details.contains_key(id) => vec![Effect::LoadDetail(id.clone())],
        Some(_) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
