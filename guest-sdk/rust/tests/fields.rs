//! Structs are read by the names of their fields, in whichever order and form these come.

mod request;

use std::time::Duration;

use eshost::{Command, Context, EventSourced, IntoEvents, Never, Plugin};
use request::{commands, unhex};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Empty {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Happened,
}

impl EventSourced for Empty {
    const TYPE_NAME: &'static str = "empty";

    type Evt = Event;

    fn handle_event(self, _: Event) -> Self {
        self
    }
}

/// Fields of which one has a second name that sorts before the own one, and one a second name that sorts behind it.
#[derive(Debug, Serialize, Deserialize)]
struct Named {
    #[serde(alias = "aa", default)]
    ab: Option<u64>,
    #[serde(alias = "bc", default)]
    bb: Option<u64>,
    #[serde(default)]
    cc: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Plain {
    first: u64,
    second: Option<u64>,
    the_third_of_them: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    first: u64,
    second: u64,
}

/// Asks for the sum of what came: units, hundreds and ten thousands for the places.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sum {
    Named(Named),
    Plain(Plain),
    Closed(Closed),
    /// Its fields are known by their names alone.
    Lapse(Duration),
}

impl Command for Sum {
    const NAME: &'static str = "sum";

    type Entity = Empty;
    type Error = Never;
    type Reply = ();

    fn handle_command(self, ctx: &Context, _state: &Empty) -> Result<impl IntoEvents<Event>, Never> {
        let sum = match self {
            Sum::Named(Named { ab, bb, cc }) => ab.unwrap_or(99) + 100 * bb.unwrap_or(99) + 10_000 * cc.unwrap_or(99),
            Sum::Plain(Plain { first, second, the_third_of_them }) => {
                first + 100 * second.unwrap_or(99) + 10_000 * the_third_of_them
            }
            Sum::Closed(Closed { first, second }) => first + 100 * second,
            Sum::Lapse(lapse) => lapse.as_secs() + 100 * u64::from(lapse.subsec_nanos()),
        };
        assert_eq!(sum, ctx.seq());
        Ok(None)
    }

    fn reply(_state: &Empty) {}

    fn schema() -> eshost::Schema {
        eshost::Schema::none()
    }
}

eshost::plugin!(Empty => [Sum]);

/// Sends `{variant: {...}}`, and gives whether it is accepted by an entity whose number is the sum.
fn sums(variant: &str, fields: &[(&str, &[u8])], sum: u64) -> bool {
    let mut payload = [&[0x81, 0xa0 | variant.len() as u8], variant.as_bytes(), &[0x80 | fields.len() as u8]].concat();
    for (name, value) in fields {
        payload.push(0xa0 | name.len() as u8);
        payload.extend_from_slice(name.as_bytes());
        payload.extend_from_slice(value);
    }
    let mut request = commands("empty", Some(&[0x80]), &[("sum", Some(payload))]);
    let place = request.windows(9).position(|w| w == [0xcf, 0, 0, 0, 0, 0, 0, 0, 7]).unwrap();
    request[place + 1..place + 9].copy_from_slice(&sum.to_be_bytes());
    let answer = Plugin::new().with::<Empty>().handle_command(&request).to_vec();
    assert!(matches!(answer[..5], [0x93, 0, 0x91, 0x93, 0 | 2]), "{}", request::shown(&answer));
    answer[4] == 0
}

#[test]
fn a_field_comes_at_any_place() {
    let (first, second, third) = ("first", "second", "the_third_of_them");
    for fields in [
        [(first, &[1][..]), (second, &[2]), (third, &[3])],
        [(third, &[3]), (second, &[2]), (first, &[1])],
        [(second, &[2]), (third, &[3]), (first, &[1])],
    ] {
        assert!(sums("plain", &fields, 30_201), "{fields:?}");
    }
    assert!(sums("plain", &[(first, &[1]), (third, &[3])], 39_901));
    assert!(sums("plain", &[(first, &[1]), (second, &[0xc0]), (third, &[3])], 39_901));
    assert!(sums("plain", &[("firsu", &[9]), (first, &[1]), (third, &[3]), ("the_third_of_thex", &[9])], 39_901));
    assert!(!sums("plain", &[(first, &[1]), (first, &[1]), (third, &[3])], 39_901));
    assert!(!sums("plain", &[(third, &[3])], 39_900));
    assert!(sums("closed", &[(first, &[1]), (second, &[2])], 201));
    assert!(!sums("closed", &[(first, &[1]), (second, &[2]), (third, &[3])], 201));
}

#[test]
fn a_field_of_two_names_takes_nothing_from_its_neighbours() {
    for fields in [
        [("ab", &[1][..]), ("bb", &[2]), ("cc", &[3])],
        [("aa", &[1]), ("bc", &[2]), ("cc", &[3])],
        [("cc", &[3]), ("bb", &[2]), ("aa", &[1])],
    ] {
        assert!(sums("named", &fields, 30_201), "{fields:?}");
    }
    for (name, sum) in [("ab", 999_901), ("aa", 999_901), ("bb", 990_199), ("bc", 990_199), ("cc", 19_999)] {
        assert!(sums("named", &[(name, &[1])], sum), "{name}");
    }
}

#[test]
fn a_type_that_was_written_by_hand_is_told_names() {
    assert!(sums("lapse", &[("secs", &[1]), ("nanos", &[2])], 201));
    assert!(sums("lapse", &[("nanos", &unhex("cd0102")), ("secs", &[1])], 25_801));
}
