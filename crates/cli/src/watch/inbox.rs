//! The inbox at work: threads that listen, a terminal that is always put back, errands that are run.
//!
//! One thread reads keys, one the stream, one runs errands; the main thread alone changes the model
//! and draws.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use npo_api::decision::{DecisionDetail, DecisionPage};
use npo_api::feedback::{Feedback, FeedbackRequest};
use npo_api::oversight::RedButton;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event as TerminalEvent};

use super::keys::key;
use super::model::{Effect, Event, ITEMS_MAX, Model, Refusal};
use super::update::update;
use super::view::draw;
use crate::client::sse::Told;
use crate::client::{Client, Received, path, sse};
use crate::exit::{Failure, chain};
use crate::output::colours_wanted;
use crate::text::when;

/// How often countdowns move and signals are looked for.
const TICK: Duration = Duration::from_millis(250);
/// Between two fetches of the list, when every event asks for one.
const LIST_PAUSE: Duration = Duration::from_millis(300);
/// Before a stream that never stood is tried again.
const STREAM_PAUSE: Duration = Duration::from_secs(3);
/// Events taken before the screen is drawn again.
const EVENTS_PER_FRAME: usize = 1024;

/// What reaches the main thread.
enum Message {
    /// For the model.
    Event(Box<Event>),
    /// The terminal changed its size.
    Redraw,
    /// The terminal cannot be read any more.
    TerminalGone(io::Error),
}

/// Shows the inbox until the person leaves or a signal ends it.
pub(crate) fn run(client: Client) -> Result<(), Failure> {
    // Whoever cannot read the list should hear so before the screen is taken.
    let open = open_decisions(&client)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in
        [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP, signal_hook::consts::SIGINT]
    {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| Failure::could_not("could not listen for signals", error))?;
    }
    let (sender, receiver) = channel();
    let mut terminal = ratatui::try_init()
        .map_err(|error| Failure::could_not("could not use the terminal", error))?;
    let errands = start(client, sender);
    let ended = errands.and_then(|errands| turn(&mut terminal, &receiver, &errands, open, &stop));
    ratatui::restore();
    ended
}

fn turn(
    terminal: &mut DefaultTerminal,
    messages: &Receiver<Message>,
    errands: &Sender<Effect>,
    open: Vec<npo_api::decision::Decision>,
    stop: &AtomicBool,
) -> Result<(), Failure> {
    let broken = |error| Failure::could_not("could not use the terminal", error);
    let colour = colours_wanted();
    let mut model = Model::new(when::now_ms());
    let mut waiting = vec![Event::Loaded(Ok(open))];
    while !stop.load(Ordering::Relaxed) {
        for event in waiting.drain(..) {
            let (next, effects) = update(model, event);
            model = next;
            if effects.contains(&Effect::Quit) {
                return Ok(());
            }
            // The errand thread lives as long as this loop.
            effects.into_iter().for_each(|effect| drop(errands.send(effect)));
        }
        terminal.draw(|frame| draw(frame, &model, colour)).map_err(broken)?;
        let first = match messages.recv_timeout(TICK) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        waiting.push(Event::Tick(when::now_ms()));
        for message in first.into_iter().chain(messages.try_iter()).take(EVENTS_PER_FRAME) {
            match message {
                Message::Event(event) => waiting.push(*event),
                Message::Redraw => {}
                Message::TerminalGone(error) => return Err(broken(error)),
            }
        }
    }
    Ok(())
}

/// Starts the threads; they end with the process.
fn start(client: Client, messages: Sender<Message>) -> Result<Sender<Effect>, Failure> {
    let (errands, effects) = channel();
    let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
        thread.map(drop).map_err(|error| Failure::could_not("could not start a thread", error))
    };
    let to_keys = messages.clone();
    spawn("keys", Box::new(move || read_keys(&to_keys)))?;
    let (to_stream, stream_client) = (messages.clone(), client.clone());
    spawn("stream", Box::new(move || follow(&stream_client, &to_stream)))?;
    spawn("errands", Box::new(move || run_errands(&client, &effects, &messages)))?;
    Ok(errands)
}

fn read_keys(messages: &Sender<Message>) {
    loop {
        let message = match event::read() {
            Ok(TerminalEvent::Key(pressed)) => match key(pressed) {
                Some(key) => Message::Event(Box::new(Event::Key(key))),
                None => continue,
            },
            Ok(_) => Message::Redraw,
            Err(error) => {
                // The main thread may have left already.
                let _ = messages.send(Message::TerminalGone(error));
                return;
            }
        };
        if messages.send(message).is_err() {
            return;
        }
    }
}

fn follow(client: &Client, messages: &Sender<Message>) {
    let tell = |event: Event| messages.send(Message::Event(Box::new(event)));
    loop {
        let ended = sse::follow(client, None, &mut |told| match tell(Event::Stream(told)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        });
        let Err(failure) = ended else { return };
        let is_over = sse::is_final(&failure);
        if tell(Event::Stream(Told::Lost(chain(&failure)))).is_err() || is_over {
            return;
        }
        thread::sleep(STREAM_PAUSE);
    }
}

/// Runs errands in order, except that the list is fetched once for many wishes, and not all the time.
fn run_errands(client: &Client, effects: &Receiver<Effect>, messages: &Sender<Message>) {
    let mut list_due: Option<Instant> = None;
    let mut listed = Instant::now();
    loop {
        let patience = list_due.map_or(TICK, |due| due.saturating_duration_since(Instant::now()));
        let event = match effects.recv_timeout(patience) {
            Ok(Effect::LoadOpen) => {
                list_due.get_or_insert(Instant::now().max(listed + LIST_PAUSE));
                continue;
            }
            Ok(Effect::LoadDetail(id)) => {
                let detail = detail(client, &id).map_err(|failure| chain(&failure));
                Event::Detail(id, detail)
            }
            Ok(Effect::Answer(id, request)) => {
                let answer = answer(client, &id, &request);
                Event::Answered(id, answer)
            }
            Ok(Effect::LoadHeld) => Event::Held(held(client)),
            Ok(Effect::Press(order)) => {
                let pressed: Result<Received<RedButton>, Failure> =
                    client.post("/v1/red-button", &*order, None);
                Event::Pressed(
                    order.scope,
                    pressed.map(|pressed| pressed.value).map_err(|failure| chain(&failure)),
                )
            }
            Err(RecvTimeoutError::Timeout) if list_due.is_none() => continue,
            Err(RecvTimeoutError::Timeout) => {
                list_due = None;
                let open = open_decisions(client).map_err(|failure| chain(&failure));
                listed = Instant::now();
                Event::Loaded(open)
            }
            Ok(Effect::Quit) | Err(RecvTimeoutError::Disconnected) => return,
        };
        if messages.send(Message::Event(Box::new(event))).is_err() {
            return;
        }
    }
}

fn open_decisions(client: &Client) -> Result<Vec<npo_api::decision::Decision>, Failure> {
    let query = [("status", "open".to_owned()), ("limit", ITEMS_MAX.to_string())];
    let page: Received<DecisionPage> = client.get("/v1/decisions", &query)?;
    Ok(page.value.items)
}

fn held(client: &Client) -> Result<RedButton, String> {
    let held: Result<Received<RedButton>, Failure> = client.get("/v1/red-button", &[]);
    held.map(|held| held.value).map_err(|failure| chain(&failure))
}

fn detail(client: &Client, id: &str) -> Result<Box<DecisionDetail>, Failure> {
    let detail: Received<DecisionDetail> = client.get(&path("/v1/decisions/{}", &[id]), &[])?;
    Ok(Box::new(detail.value))
}

fn answer(client: &Client, id: &str, request: &FeedbackRequest) -> Result<Box<Feedback>, Refusal> {
    let answer: Result<Received<Feedback>, Failure> =
        client.post(&path("/v1/decisions/{}/feedback", &[id]), request, None);
    match answer {
        Ok(received) => Ok(Box::new(received.value)),
        Err(failure) => {
            let is_over = matches!(&failure, Failure::Problem(problem) if matches!(problem.status, 404 | 409 | 410));
            Err(Refusal { words: chain(&failure), is_over })
        }
    }
}
