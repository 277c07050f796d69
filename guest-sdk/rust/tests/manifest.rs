//! What a plugin says of itself.

mod account;
mod request;

use account::Account;
use eshost::{Command, Context, EventSourced, IntoEvents, Never, Plugin};
use request::shown;
use serde::{Deserialize, Serialize};

macro_rules! state {
    ($name:ident, $revision:literal, { $($field:ident: $type:ty),* }) => {{
        #[derive(Default, Serialize, Deserialize)]
        struct $name { $($field: $type),* }

        impl EventSourced for $name {
            const TYPE_NAME: &'static str = "state";
            const REVISION: u32 = $revision;

            type Evt = Never;

            fn handle_event(self, evt: Never) -> Self {
                match evt {}
            }
        }

        eshost::plugin!($name => []);
        let manifest = shown(Plugin::new().with::<$name>().describe());
        let at = manifest.find("state-").unwrap();
        manifest[at..at + 22].to_string()
    }};
}

#[test]
fn the_state_schema_changes_with_the_layout_and_the_revision() {
    let base = state!(A, 0, { a: u8, b: String });
    assert_eq!(base, state!(Other, 0, { a: u8, b: String }), "the name of the type is not on the wire");
    for other in [
        state!(B, 1, { a: u8, b: String }),
        state!(C, 0, { b: String, a: u8 }),
        state!(D, 0, { a: u16, b: String }),
        state!(E, 0, { a: u8, b: Option<String> }),
        state!(F, 0, { a: u8, c: String }),
        state!(G, 0, { a: u8, b: String, c: u8 }),
    ] {
        assert_ne!(base, other);
    }
}

#[test]
fn the_manifest_says_what_there_is() {
    let manifest = shown(Plugin::new().with::<Account>().describe());
    assert!(manifest.starts_with(
        "\\x83\\xa3abi\\x92\\x01\\x00\\xa3sdk\\xb1eshost-rust 0.1.0\\xa5types\\x91\\x84\\xa4type\\xa7account"
    ));
    for part in [
        "\\xaarejections\\x94\\xa6closed\\xa8too_much\\xa5owner\\xabunspeakable",
        "\\x83\\xa4name\\xa9deposited\\xa7version\\x01\\xa6schema",
        "\\x83\\xa4name\\xa9deposited\\xa7version\\x02\\xa6schema",
        "\\x82\\xa4name\\xa6opened\\xa7version\\x01\\x83",
        "\\x82\\xa4name\\xabunspeakable\\xa7version\\x01",
    ] {
        assert!(manifest.contains(part), "{manifest}\nwant {part}");
    }
}

#[test]
#[should_panic(
    expected = "an event of type \"t\", the variant \"BadName\", is named \"BadName\": a name is 1 to 64 characters"
)]
fn the_name_of_an_event_is_checked() {
    #[derive(Serialize, Deserialize)]
    enum Event {
        BadName,
    }

    #[derive(Default, Serialize, Deserialize)]
    struct State(u8);

    impl EventSourced for State {
        const TYPE_NAME: &'static str = "t";

        type Evt = Event;

        fn handle_event(self, _evt: Event) -> Self {
            self
        }
    }

    eshost::plugin!(State => []);
    Plugin::new().with::<State>();
}

#[test]
#[should_panic(expected = "two types named \"account\"")]
fn a_type_is_there_once() {
    Plugin::new().with::<Account>().with::<Account>();
}

/// A command whose examples are in the manifest.
#[derive(Serialize, Deserialize)]
struct Show(u8);

#[derive(Default, Serialize, Deserialize)]
struct Shown(u8);

impl EventSourced for Shown {
    const TYPE_NAME: &'static str = "shown";

    type Evt = Never;

    fn handle_event(self, evt: Never) -> Self {
        match evt {}
    }
}

impl Command for Show {
    const NAME: &'static str = "show";

    type Entity = Shown;
    type Error = Never;
    type Reply = ();

    fn handle_command(self, _ctx: &Context, _state: &Shown) -> Result<impl IntoEvents<Never>, Never> {
        Ok(None)
    }

    fn reply(_state: &Shown) {}

    fn examples() -> Vec<Self> {
        vec![Show(1), Show(200)]
    }
}

eshost::plugin!(Shown => [Show]);

#[test]
fn examples_are_payloads() {
    let manifest = shown(Plugin::new().with::<Shown>().describe());
    assert!(manifest.contains("\\xa8examples\\x92\\xc4\\x01\\x01\\xc4\\x02\\xcc\\xc8"), "{manifest}");
    assert!(!manifest.contains("rejections") && !manifest.contains("reply"), "{manifest}");
}
