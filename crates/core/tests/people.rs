//! People, tokens and request keys: who there is, and what is remembered of who asked.

#[path = "support/world.rs"]
mod world;

use npo_core::decide::{NewPerson, NewToken, PersonChange};
use npo_core::event::{PolicyRef, RequestKey};
use npo_core::ids::TokenId;
use npo_core::people::{Group, HANDLE_MAX, NPO, Role};
use npo_core::state::REQUESTS_KEPT;
use npo_core::{Command, Event, Millis, PersonId, Profile, State, stored};
use world::{ANN, SURE, World, person};

fn world() -> World {
    World::new(Profile::calibrated())
}

fn token(byte: u8, expires: Option<i64>) -> NewToken {
    NewToken { digest: [byte; 32], label: "laptop".into(), expires: expires.map(Millis) }
}

fn change(id: PersonId) -> PersonChange {
    PersonChange { id, name: None, roles: None, active: None, site: None, team: None }
}

#[test]
fn set_up_happens_once_and_its_author_is_who_it_makes() {
    let mut state = State::default();
    let set_up = |handle: &str| Command::SetUp(person(handle, Role::Admin), token(9, None));
    let inputs = npo_core::Inputs {
        at: Millis(5),
        actor: NPO,
        request: None,
        draws: npo_core::Draws { audit: 0.5, seed: 0, arm: None },
        verdict: None,
    };
    let events = npo_core::decide(&state, &set_up("root"), &inputs).expect("the first set-up");
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|envelope| envelope.actor == PersonId(1)));
    events.iter().for_each(|envelope| state.apply(envelope));
    assert!(state.has_admin());
    assert_eq!(state.authenticate(&[9; 32], Millis(6)).map(|(who, _)| who), Some(PersonId(1)));
    let again = npo_core::decide(&state, &set_up("other"), &inputs).expect_err("is used up");
    assert_eq!(again.to_string(), "an administrator exists already; the set-up link is used up");
    // A set-up that fails half way leaves nothing behind.
    let mut half = token(1, None);
    half.label = String::new();
    let command = Command::SetUp(person("root", Role::Admin), half);
    let refusal = npo_core::decide(&State::default(), &command, &inputs).expect_err("no label");
    assert_eq!(refusal.code(), "invalid-field");
}

#[test]
fn the_last_admin_stays() {
    let mut world = world();
    world.order(Command::AddPerson(person("root", Role::Admin)));
    let (root, _) = world.state.person_named("root").expect("was added");
    let inactive = PersonChange { active: Some(false), ..change(root) };
    let demoted = PersonChange { roles: Some(vec![Role::Viewer]), ..change(root) };
    for wrong in [inactive.clone(), demoted.clone()] {
        assert_eq!(
            world.refused(Command::ChangePerson(wrong)),
            "`root` is the last active admin; make another one first"
        );
    }
    world.order(Command::ChangePerson(PersonChange { name: Some("Ruth".into()), ..change(root) }));
    let roles = Some(vec![Role::Admin, Role::Operator, Role::Admin]);
    world.order(Command::ChangePerson(PersonChange { roles, ..change(ANN) }));
    assert_eq!(world.state.person(ANN).expect("known").roles, [Role::Operator, Role::Admin]);
    world.order(Command::ChangePerson(inactive));
    // Now Ann is the last one.
    let inactive = PersonChange { active: Some(false), ..change(ANN) };
    assert!(world.refused(Command::ChangePerson(inactive)).starts_with("`ann` is the last"));
}

#[test]
fn a_change_that_changes_nothing_is_nothing_to_do() {
    let mut world = world();
    assert!(world.order(Command::ChangePerson(change(ANN))).is_empty());
    let same = PersonChange { roles: Some(vec![Role::Operator; 3]), ..change(ANN) };
    assert!(world.order(Command::ChangePerson(same)).is_empty());
}

#[track_caller]
fn check_refused(command: Command, expected: &str) {
    assert_eq!(world().refused(command), expected);
}

#[test]
fn people_who_do_not_fit_are_refused() {
    let add = |handle: &str, name: &str, roles: &[Role]| {
        Command::AddPerson(NewPerson {
            handle: handle.into(),
            name: name.into(),
            roles: roles.to_vec(),
            group: Group::default(),
        })
    };
    let operator = [Role::Operator];
    check_refused(add("ann", "Ann", &operator), "handle `ann` is taken");
    check_refused(add("npo", "Impostor", &operator), "handle `npo` is taken");
    for wrong in ["", "Ann", "a b", "ä", "a\nb", "a/b", "-\u{202e}"] {
        check_refused(
            add(wrong, "Ann", &operator),
            &format!(
                "`handle` is `{wrong}`, expected 1 to 64 lower-case letters, digits, `-`, `_` or `.`"
            ),
        );
    }
    let long = "a".repeat(HANDLE_MAX + 1);
    assert!(world().refused(add(&long, "Ann", &operator)).starts_with("`handle` is `aaa"));
    check_refused(
        add("zoe", "", &operator),
        "`name` is empty, expected 1 to 256 bytes of printable text",
    );
    check_refused(
        add("zoe", "\u{7}", &operator),
        "`name` is a text with control characters, expected 1 to 256 bytes of printable text",
    );
    check_refused(add("zoe", "Zoe", &[]), "`roles` is empty, expected at least one role");
    let nobody = PersonChange { active: Some(false), ..change(PersonId(99)) };
    check_refused(Command::ChangePerson(nobody), "person `p99` is unknown");
    // `npo` itself is nobody's to change or to give tokens to.
    check_refused(Command::ChangePerson(change(NPO)), "person `p0` is unknown");
    check_refused(Command::IssueToken(NPO, token(1, None)), "person `p0` is unknown");
    check_refused(Command::RevokeToken(TokenId(0)), "token `t0` is unknown");
}

#[test]
fn a_token_works_until_it_is_revoked_or_expires_or_its_person_leaves() {
    let mut world = world();
    world.order(Command::IssueToken(ANN, token(1, None)));
    world.order(Command::IssueToken(ANN, token(2, Some(5_000))));
    let works = |world: &World, byte: u8, at: i64| {
        world.state.authenticate(&[byte; 32], Millis(at)).map(|(who, token)| (who, token.id))
    };
    assert_eq!(works(&world, 1, i64::MAX), Some((ANN, TokenId(0))));
    assert_eq!(works(&world, 2, 4_999), Some((ANN, TokenId(1))));
    assert_eq!(works(&world, 2, 5_000), None);
    assert_eq!(works(&world, 3, 0), None, "never issued");
    let active = |active| PersonChange { active: Some(active), ..change(ANN) };
    world.order(Command::ChangePerson(active(false)));
    assert_eq!(works(&world, 1, 0), None);
    world.order(Command::ChangePerson(active(true)));
    assert_eq!(works(&world, 1, 0), Some((ANN, TokenId(0))));
    let revoked = world.order(Command::RevokeToken(TokenId(0)));
    assert_eq!(revoked, [Event::TokenRevoked(TokenId(0))]);
    assert_eq!(works(&world, 1, 0), None);
    assert!(world.order(Command::RevokeToken(TokenId(0))).is_empty(), "twice is nothing to do");
    assert_eq!(world.state.tokens().len(), 2, "revoked tokens stay listed");
}

#[test]
fn a_digest_belongs_to_one_token() {
    let mut world = world();
    world.order(Command::IssueToken(ANN, token(1, None)));
    world.order(Command::RevokeToken(TokenId(0)));
    assert_eq!(
        world.refused(Command::IssueToken(world::BOB, token(1, None))),
        "`token` is the digest of a token issued before, expected a fresh secret"
    );
}

fn key(i: u64) -> RequestKey {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&i.to_le_bytes());
    RequestKey { key, content: i.to_be_bytes() }
}

#[test]
fn a_request_is_remembered_with_the_first_event_that_answered_it() {
    let mut world = world();
    world.request = Some(key(1));
    let before = world.state.position();
    world.order(Command::SetUp(person("root", Role::Admin), token(9, None)));
    assert_eq!(world.state.position(), before + 2);
    assert_eq!(world.state.answered_request(&key(1).key), Some((before + 1, key(1).content)));
    // A refusal and a thing already done answer nothing that would have to be repeated.
    world.request = Some(key(2));
    world.refused(Command::RevokeToken(TokenId(7)));
    assert!(world.order(Command::ChangePerson(change(ANN))).is_empty());
    assert_eq!(world.state.answered_request(&key(2).key), None);
    world.propose("leaf1", SURE);
    let restored: State = postcard::from_bytes(&world.bytes()).expect("decodes");
    for state in [&world.state, &restored] {
        assert_eq!(state.answered_request(&key(2).key), Some((before + 3, key(2).content)));
    }
}

#[test]
fn the_oldest_requests_are_forgotten_first() {
    let mut state = State::default();
    let kept = REQUESTS_KEPT as u64;
    for i in 0..kept + 10 {
        let event = Event::PolicyActivated(PolicyRef {
            digest: [0; 32],
            name: "p".into(),
            version: "1".into(),
        });
        state.apply(&npo_core::Envelope {
            at: Millis(0),
            actor: NPO,
            request: Some(key(i)),
            event,
        });
    }
    let remembered = |state: &State, i: u64| state.answered_request(&key(i).key).is_some();
    assert!(!remembered(&state, 0) && !remembered(&state, 9));
    assert!(remembered(&state, 10) && remembered(&state, kept + 9));
    let restored: State = postcard::from_bytes(&world::bytes(&state)).expect("decodes");
    assert!(!remembered(&restored, 9) && remembered(&restored, 10));
}

#[test]
fn secrets_never_reach_the_log() {
    // Of a token the log holds the digest that it was ordered with, and nothing else of it.
    let mut world = world();
    let events = world.order(Command::IssueToken(ANN, token(0xab, None)));
    let envelope =
        npo_core::Envelope { at: Millis(0), actor: NPO, request: None, event: events[0].clone() };
    let (_, _, bytes) = stored::encode(&envelope);
    assert_eq!(bytes.iter().filter(|byte| **byte == 0xab).count(), 32);
}
