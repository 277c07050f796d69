//! What a command is told beside itself and the state.

use eshost::{Command, Context, EventSourced, IntoEvents, Level, Never, testing::given};
use serde::{Deserialize, Serialize};

/// The latest draw.
#[derive(Debug, Default, PartialEq, Clone, Serialize, Deserialize)]
struct Dice {
    type_name: String,
    id: String,
    seq: u64,
    now_millis: i64,
    numbers: Vec<u64>,
    unit: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Drawn(Dice),
}

impl EventSourced for Dice {
    const TYPE_NAME: &'static str = "dice";

    type Evt = Event;

    fn handle_event(self, Event::Drawn(dice): Event) -> Self {
        dice
    }
}

macro_rules! rolls {
    ($($name:ident($text:literal)),*) => {$(
        #[derive(Debug, Serialize, Deserialize)]
        struct $name {
            /// How many events say the same.
            n: u64,
        }

        impl Command for $name {
            const NAME: &'static str = $text;

            type Entity = Dice;
            type Error = Never;
            type Reply = Dice;

            fn handle_command(self, ctx: &Context, _state: &Dice) -> Result<impl IntoEvents<Event>, Never> {
                ctx.log(Level::Debug, format_args!("rolling {}", self.n));
                Ok(vec![Event::Drawn(drawn(ctx)); self.n as usize])
            }

            fn reply(state: &Dice) -> Dice {
                state.clone()
            }
        }
    )*};
}

rolls!(Roll("roll"), RollAgain("roll.again"));

eshost::plugin!(Dice => [Roll, RollAgain]);

fn drawn(ctx: &Context) -> Dice {
    let mut random = ctx.random();
    let mut numbers = vec![random.next_u64(), random.next_u64(), random.below(6), random.below(1000)];
    let unit = random.unit();
    numbers.extend([random.below((1 << 63) + 1), random.below(8)]);
    assert_eq!(ctx.random().next_u64(), numbers[0], "every source begins at its start");
    Dice {
        type_name: ctx.type_name().into(),
        id: ctx.id().into(),
        seq: ctx.seq(),
        now_millis: ctx.now_millis(),
        numbers,
        unit,
    }
}

fn past(events: u64) -> impl Iterator<Item = Event> {
    (0..events).map(|_| Event::Drawn(Dice::default()))
}

#[test]
fn a_command_is_told_where_and_when_it_is() {
    let dice = given::<Dice>(past(3)).id("ü").at(-1).when(Roll { n: 1 }).state();
    assert_eq!((dice.type_name.as_str(), dice.id.as_str(), dice.seq, dice.now_millis), ("dice", "ü", 3, -1));
    let dice = given::<Dice>([]).at(i64::MIN).when(Roll { n: 1 }).when(Roll { n: 1 }).state();
    assert_eq!((dice.seq, dice.now_millis), (1, i64::MIN));
}

#[test]
fn each_event_of_a_batch_counts() {
    let dice = given::<Dice>(past(3)).when(Roll { n: 2 }).when(Roll { n: 3 }).when(Roll { n: 1 }).state();
    assert_eq!(dice.seq, 8);
}

/// The numbers are what the Go SDK draws for the same type, id, seq, command and payload.
#[test]
fn random_numbers_are_those_of_the_other_sdks() {
    let dice = given::<Dice>(past(7)).id("a").at(5).when(Roll { n: 2 }).state();
    assert_eq!(dice.numbers, [2084076706095274097, 1132822724527904228, 4, 627, 1882832707719929860, 3]);
    assert_eq!(dice.unit, 0.14860834035512538);
    let dice = given::<Dice>(past(7)).id("a").at(6).when(Roll { n: 3 }).state();
    assert_eq!(dice.numbers, [8838868585696552793, 7264947861733076836, 0, 914, 2701133276038001056, 4]);
    assert_eq!(dice.unit, 0.8763610420722001);
}

#[test]
fn random_numbers_depend_on_all_that_they_may_depend_on_and_on_nothing_else() {
    let numbers = |id: &str, now: i64, events: u64, n: u64| {
        given::<Dice>(past(events)).id(id).at(now).when(Roll { n }).state().numbers
    };
    let base = numbers("a", 1, 0, 1);
    assert_eq!(numbers("a", 2, 0, 1), base, "the time changes nothing");
    let others = [numbers("b", 1, 0, 1), numbers("a", 1, 1, 1), numbers("a", 1, 0, 2)];
    assert!(others.iter().all(|other| *other != base));
    let again = given::<Dice>([]).id("a").at(1).when(RollAgain { n: 1 }).state().numbers;
    assert_ne!(again, base);
}
