//! What a command leaves behind, and what not.

mod account;
mod request;

use account::{Account, Deposit, Event, Grow, Look, Open, Refused, Sight, Spoil};
use eshost::{Kind, Plugin, testing::given};
use request::{commands, shown, unhex};

fn plugin() -> Plugin {
    Plugin::new().with::<Account>()
}

fn spoil(how: &str) -> (&'static str, Option<Vec<u8>>) {
    ("spoil", Some([&[0xa0 | how.len() as u8], how.as_bytes()].concat()))
}

const DEPOSIT: &str = "82 a5 6f776e6572 a4 616e6e61 a6 616d6f756e74 05";

#[test]
fn what_cannot_be_encoded_is_a_fault_and_leaves_no_trace() {
    for (how, reason) in [
        ("event", "an event: unspeakable: the keys of a map are strings"),
        ("second_event", "an event: unspeakable: the keys of a map are strings"),
        ("rejection", "the payload of the rejection: unspeakable[0]: an Option stands only directly for a field"),
        ("reply", "the reply: [0]: an Option stands only directly for a field"),
        ("state", "the state after the events: tree.inner[0].inner[0]"),
    ] {
        let all = [("open", None), ("deposit", Some(unhex(DEPOSIT))), spoil(how), ("look", None)];
        let without = [("open", None), ("deposit", Some(unhex(DEPOSIT))), ("look", None)];
        let mut plugin = plugin();
        let got = plugin.handle_command(&commands("account", None, &all)).to_vec();
        let want = plugin.handle_command(&commands("account", None, &without)).to_vec();
        let ((mut got, state), (want, want_state)) = (split(&got), split(&want));
        let fault = got.remove(2);
        assert!(fault.starts_with(&[0x93, 2, 4]) && shown(fault).contains(reason), "{how}: {}", shown(fault));
        assert_eq!(got, want, "{how}");
        assert_eq!(state, want_state, "{how}");
    }
}

#[test]
fn a_rejection_has_its_code_and_payload() {
    given::<Account>([])
        .when(Deposit { owner: "anna".into(), amount: 1 })
        .then_rejected(Refused::Closed)
        .then_code("closed")
        .when(Open { owner: None })
        .then([Event::Opened])
        .when(Deposit { owner: "anna".into(), amount: 1001 })
        .then_rejected(Refused::TooMuch { limit: 1000 })
        .then_code("too_much")
        .when(Deposit { owner: String::new(), amount: 1 })
        .then_rejected(Refused::Owner(String::new()))
        .then_state(Account { limit: Some(1000), ..Account::default() });
}

#[test]
fn several_events_of_a_command_are_folded_before_its_reply() {
    given::<Account>([])
        .when(Look)
        .then([])
        .then_reply(None)
        .when(Open { owner: Some("anna".into()) })
        .then([Event::Opened, Event::Noted(vec!["anna".into()]), Event::Deposited { owner: "anna".into(), amount: 1 }])
        .then_reply(())
        .when(Look)
        .then([])
        .then_reply(Some(Sight { owners: vec!["anna".into()], limit: Some(1000) }));
}

#[test]
fn an_old_version_of_an_event_is_folded() {
    given::<Account>([Event::DepositedV1 { amount: 3 }, Event::Opened])
        .when(Deposit { owner: "bert".into(), amount: 4 })
        .then([Event::Deposited { owner: "bert".into(), amount: 4 }])
        .then_reply(7);
}

#[test]
fn a_state_of_too_many_levels_is_its_own_commands_fault_also_in_a_batch() {
    given::<Account>([Event::Opened])
        .when(Grow { levels: 30 })
        .then([Event::Grown { levels: 30 }])
        .when(Grow { levels: 31 })
        .then_fault(Kind::Panicked)
        .when(Grow { levels: 1 })
        .then([Event::Grown { levels: 1 }]);
}

#[test]
fn a_panic_has_its_text_and_nothing_happens() {
    given::<Account>([Event::Opened])
        .when_panics(Spoil::Panic)
        .then_text("spoilt on purpose")
        .when(Look)
        .then([])
        .then_state(Account { limit: Some(1000), ..Account::default() });
}

/// A simple generator, so that the batches are the same ones each time.
fn next(random: &mut u64, end: u64) -> u64 {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*random >> 33) % end
}

#[test]
fn a_used_plugin_answers_as_a_fresh_one_and_a_batch_as_its_commands_one_by_one() {
    let mut random = 1;
    let mut used = plugin();
    let hows = ["event", "second_event", "rejection", "reply", "state"];
    for round in 0..300 {
        let all: Vec<(&str, Option<Vec<u8>>)> = (0..1 + next(&mut random, 10))
            .map(|_| match next(&mut random, 6) {
                0 => ("open", None),
                1 => ("look", Some(vec![0x80])),
                2 => ("nothing", None),
                3 => ("grow", Some([&b"\x81\xa6levels"[..], &[next(&mut random, 40) as u8]].concat())),
                4 => spoil(hows[next(&mut random, 5) as usize]),
                _ => ("deposit", Some(unhex(DEPOSIT))),
            })
            .collect();
        let whole = commands("account", None, &all);
        let got = used.handle_command(&whole).to_vec();
        assert_eq!(shown(&got), shown(plugin().handle_command(&whole)), "round {round}");
        check_one_by_one(&all, &got, round);
    }
}

/// Compares the answer to a batch with those to its beginnings: each must begin with what the former one gave.
fn check_one_by_one(all: &[(&str, Option<Vec<u8>>)], whole: &[u8], round: usize) {
    let mut state: Option<Vec<u8>> = None;
    let mut outcomes = Vec::new();
    for command in all {
        let answer =
            plugin().handle_command(&commands("account", state.as_deref(), core::slice::from_ref(command))).to_vec();
        // [0, [outcome], state]: the state is nil, or a bin behind the outcome.
        let (outcome, after) = split(&answer);
        outcomes.extend_from_slice(outcome[0]);
        state = after.or(state);
    }
    assert!(whole[3..].starts_with(&outcomes), "round {round}: {}\nwant {}", shown(whole), shown(&outcomes));
    if let (_, Some(got)) = split(whole) {
        assert_eq!(Some(got), state, "round {round}");
    }
}

/// The outcomes of an answer, of which there are less than 16, and the state.
fn split(answer: &[u8]) -> (Vec<&[u8]>, Option<Vec<u8>>) {
    let (mut at, mut outcomes) = (3, Vec::new());
    for _ in 0..answer[2] & 0x0f {
        let end = skip(answer, at);
        outcomes.push(&answer[at..end]);
        at = end;
    }
    let state = match answer[at] {
        0xc0 => None,
        0xc4 => Some(answer[at + 2..].to_vec()),
        _ => Some(answer[at + 3..].to_vec()),
    };
    (outcomes, state)
}

/// Where the value ends that begins here, of the forms that the SDK writes.
fn skip(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        head @ 0x90..=0x9f => (0..head & 0x0f).fold(at + 1, |at, _| skip(bytes, at)),
        head @ 0xa0..=0xbf => at + 1 + usize::from(head & 0x1f),
        0xc4 | 0xd9 => at + 2 + usize::from(bytes[at + 1]),
        0xc5 | 0xda => at + 3 + usize::from(u16::from_be_bytes([bytes[at + 1], bytes[at + 2]])),
        0x00..=0x7f | 0xc0 => at + 1,
        other => panic!("a head {other:x} in an envelope"),
    }
}
