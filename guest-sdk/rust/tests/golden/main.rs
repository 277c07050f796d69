//! The golden vectors of the ABI that are about messages.

mod entities;
#[path = "../request/mod.rs"]
mod request;

use std::fs;

use entities::{Counter, Door, Machine, Order};
use eshost::Plugin;
use request::unhex;
use serde_json::Value;

fn plugin() -> Plugin {
    Plugin::new().with::<Counter>().with::<Order>().with::<Door>().with::<Machine>()
}

fn vectors(section: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../abi/testdata/vectors.json");
    let text = fs::read_to_string(path).expect("the golden vectors lie beside the SDK's folder in the repository");
    let all: Value = serde_json::from_str(&text).unwrap();
    all[section].as_array().unwrap().clone()
}

fn encodings(case: &Value) -> Vec<Vec<u8>> {
    case["encodings"].as_array().unwrap().iter().map(|text| unhex(text.as_str().unwrap())).collect()
}

#[test]
fn command_requests_are_read_in_every_form() {
    let mut plugin = plugin();
    let cases = vectors("command_requests");
    assert!(cases.len() >= 3);
    for case in &cases {
        for request in encodings(case) {
            let answer = plugin.handle_command(&request).to_vec();
            let name = case["name"].as_str().unwrap();
            match case["message"]["type"].as_str().unwrap() {
                "order" => {
                    let text = String::from_utf8_lossy(&answer).into_owned();
                    let told = "order Zoë/ünï 😀 18446744073709551615 -1";
                    for what in ["pay", "cancel", "0", "7", "19"] {
                        assert!(text.contains(&format!("{what} {told}")), "{name}: {text}");
                    }
                    assert!(answer.starts_with(&[0x93, 0, 0xdc, 0, 22, 0x93, 1, 0xa4]), "{name}: {text}");
                }
                _ if case["message"]["commands"].as_array().unwrap().is_empty() => {
                    assert_eq!(answer, [0x93, 0, 0x90, 0xc0], "{name}")
                }
                _ => assert_eq!(answer, encodings(&vectors("command_answers")[0])[0], "{name}"),
            }
        }
    }
}

#[test]
fn event_requests_are_read_in_every_form() {
    let mut plugin = plugin();
    let cases = vectors("event_requests");
    assert!(cases.len() >= 4);
    for case in &cases {
        let want = match case["name"].as_str().unwrap() {
            "no events and no state: asks for the initial state" => unhex("92 00 c4 01 00"),
            "the first events of an entity" => unhex("92 00 c4 01 03"),
            "events after a state" => unhex("92 00 c4 03 cd 012f"),
            "an event without payload, one of the largest version" => unhex("92 00 c4 04 81 a1 6e 04"),
            other => panic!("the vectors have a case that this test does not know: {other}"),
        };
        for request in encodings(case) {
            assert_eq!(plugin.handle_event(&request), want, "{}", case["name"]);
        }
    }
}

#[test]
fn answers_are_written_as_eshost_writes_them() {
    let mut plugin = plugin();
    let empty = || Some(unhex("80"));
    let by = |n: u8| Some([&unhex("81 a2 6279")[..], &[n]].concat());
    let cases = vectors("command_answers");
    let mut decided = 0;
    for case in &cases {
        let request = match case["name"].as_str().unwrap() {
            "the worked example: increased to 5, then an underflow" => {
                request::commands("counter", None, &[("increase", by(5)), ("decrease", by(7))])
            }
            "accepted, rejected and accepted again" => {
                let much = Some(unhex("81 a2 6279 cd 07d0"));
                request::commands("counter", None, &[("increase", by(1)), ("increase", much), ("increase", by(1))])
            }
            "a rejection with a payload" => request::commands("machine", None, &[("spend", Some(vec![1]))]),
            "sixteen commands that did nothing" => request::commands("machine", None, &vec![("idle", empty()); 16]),
            "no outcomes, as there were no commands" => request::commands("machine", None, &[]),
            name if name.starts_with("several events of one command") => {
                request::commands("machine", None, &[("run", None), ("reply", None), ("idle", empty())])
            }
            // What a fault says is the SDK's own.
            _ => continue,
        };
        decided += 1;
        assert_eq!(plugin.handle_command(&request), encodings(case)[0], "{}", case["name"]);
    }
    assert_eq!(decided, 6);
}

#[test]
fn event_answers_are_the_vectors_own() {
    let mut plugin = plugin();
    let by = |n: u8| Some([&unhex("81 a2 6279")[..], &[n]].concat());
    let mut folded = 0;
    for case in vectors("event_answers") {
        let request = match case["name"].as_str().unwrap() {
            "the state after the events" => request::events("counter", None, &[("increased", 1, by(5))]),
            "the event at place 7 cannot be folded" => {
                let mut all = vec![("increased", 1, by(1)); 7];
                all.push(("shrunk", 1, None));
                request::events("counter", None, &all)
            }
            "the state does not decode" => request::events("counter", Some(&unhex("a1 78")), &[]),
            name => panic!("no request is known whose answer is {name:?}"),
        };
        folded += 1;
        let (answer, want) = (plugin.handle_event(&request).to_vec(), &encodings(&case)[0]);
        // What a refusal says in words is the SDK's own.
        let same = if want[0] == 0x94 { answer[..4] == want[..4] } else { answer == *want };
        assert!(same, "{}: {}", case["name"], request::shown(&answer));
    }
    assert_eq!(folded, 3);
}

#[test]
fn what_cannot_be_decided_or_folded_is_refused_by_its_kind() {
    let mut plugin = plugin();
    let nil_state = request::commands("counter", Some(&unhex("a1 78")), &[]);
    assert!(plugin.handle_command(&nil_state).starts_with(&[0x93, 1, 3]));
    assert!(plugin.handle_command(&request::commands("none", None, &[])).starts_with(&[0x93, 1, 1]));
    assert!(plugin.handle_command(&unhex("96 a1")).starts_with(&[0x93, 1, 2]));
    assert!(plugin.handle_event(&unhex("95 a1")).starts_with(&[0x94, 1, 2, 0]));
    let known = ("increased", 1, Some(unhex("81 a2 6279 05")));
    for wrong in [
        ("increased", 2, known.2.clone()),
        ("shrunk", 1, None),
        ("increased", 1, None),
        ("increased", 1, Some(vec![5])),
    ] {
        let request = request::events("counter", None, &[known.clone(), known.clone(), wrong, known.clone()]);
        assert!(plugin.handle_event(&request).starts_with(&[0x94, 1, 5, 2]));
    }
    let bad_state = request::events("counter", Some(&unhex("a1 78")), &[known]);
    assert!(plugin.handle_event(&bad_state).starts_with(&[0x94, 1, 3, 0]));
}

#[test]
fn an_unknown_command_between_known_ones_is_a_fault_of_its_own() {
    let by = Some(unhex("81 a2 6279 05"));
    let all = [("increase", by.clone()), ("reset", None), ("increase", Some(unhex("05"))), ("increase", by)];
    let answer = plugin().handle_command(&request::commands("counter", None, &all)).to_vec();
    let text = request::shown(&answer);
    assert!(
        text.contains("\\x93\\x02\\x01") && text.contains("\\x93\\x02\\x02") && text.ends_with("\\xc4\\x01\\n"),
        "{text}"
    );
}

#[test]
fn malformed_requests_break_nothing() {
    let mut plugin = plugin();
    for (section, places) in [("malformed_command_requests", 3), ("malformed_event_requests", 4)] {
        for case in vectors(section) {
            let request = unhex(case["bytes"].as_str().unwrap());
            let answer = if places == 3 { plugin.handle_command(&request) } else { plugin.handle_event(&request) };
            assert!(answer.starts_with(&[0x90 | places, 1]), "{}: {}", case["name"], request::shown(answer));
        }
    }
}
