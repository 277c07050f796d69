//! Events whose content is a tuple.

use eshost::{Command, Context, EventSourced, IntoEvents, Never, testing::given};
use serde::{Deserialize, Serialize};

/// Where something is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Place {
    x: u64,
    y: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Moved(u64, u64),
}

impl EventSourced for Place {
    const TYPE_NAME: &'static str = "place";

    type Evt = Event;

    fn handle_event(self, Event::Moved(x, y): Event) -> Self {
        Self { x: self.x + x, y: self.y + y }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Move {
    by: u64,
}

impl Command for Move {
    const NAME: &'static str = "move";

    type Entity = Place;
    type Error = Never;
    type Reply = u64;

    fn handle_command(self, _ctx: &Context, _state: &Place) -> Result<impl IntoEvents<Event>, Never> {
        Ok(Event::Moved(self.by, 300))
    }

    fn reply(state: &Place) -> u64 {
        state.y
    }

    fn examples() -> Vec<Self> {
        vec![Self { by: 5 }]
    }
}

eshost::plugin!(Place => [Move]);

#[test]
fn an_event_with_the_content_of_a_tuple_is_emitted_and_folded() {
    given::<Place>([Event::Moved(1, 2)])
        .when(Move { by: 5 })
        .then([Event::Moved(5, 300)])
        .then_reply(302)
        .then_state(Place { x: 6, y: 302 });
}
