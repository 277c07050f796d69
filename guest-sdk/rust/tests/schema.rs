//! What a plugin says of its types.

#![allow(dead_code)]

use std::collections::{BTreeMap, HashSet};

use eshost::{Bytes, Schema};
use serde::{Deserialize, de::DeserializeOwned};

/// The schema without what all of them begin with.
fn text<T: DeserializeOwned>() -> String {
    let schema = Schema::of::<T>();
    let members = schema.text().strip_prefix("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",").unwrap();
    format!("{{{members}")
}

const U8: &str = r#"{"type":"integer","minimum":0,"maximum":255}"#;
const STRING: &str = r#"{"type":"string"}"#;

#[derive(Deserialize)]
struct Wrapped(u8);

#[derive(Deserialize)]
struct Unit;

#[derive(Deserialize)]
struct Fields {
    must: u8,
    may: Option<String>,
    #[serde(default)]
    list: Vec<u8>,
    #[serde(alias = "another", alias = "zz", rename = "renamed")]
    named: String,
}

#[derive(Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
enum Colour {
    Red,
    DarkBlue,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    Cash,
    Card { digits: u8 },
    Transfer(Box<Fields>),
    Mixed(u8, String),
}

#[derive(Deserialize)]
struct Tree {
    name: String,
    left: Option<Box<Tree>>,
    children: Vec<Tree>,
    named: BTreeMap<String, Tree>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expression {
    Sum(Box<Expression>, Box<Expression>),
    Negative { of: Box<Expression> },
    Number(u8),
}

#[test]
fn each_kind_of_type_has_its_schema() {
    assert_eq!(text::<bool>(), r#"{"type":"boolean"}"#);
    assert_eq!(text::<i8>(), r#"{"type":"integer","minimum":-128,"maximum":127}"#);
    assert_eq!(text::<i64>(), r#"{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}"#);
    assert_eq!(text::<u64>(), r#"{"type":"integer","minimum":0,"maximum":18446744073709551615}"#);
    let float = r#"{"anyOf":[{"type":"number"},{"type":"object","properties":{"$float":{"type":"string"}},"required":["$float"]}]}"#;
    assert_eq!(text::<f64>(), float);
    assert_eq!(text::<char>(), STRING);
    let bytes =
        r#"{"type":"object","properties":{"$bin":{"type":"string","contentEncoding":"base64"}},"required":["$bin"]}"#;
    assert_eq!(text::<Bytes>(), bytes);
    assert_eq!(text::<Wrapped>(), U8);
    assert_eq!(text::<Unit>(), r#"{"type":"object","properties":{}}"#);
    assert_eq!(text::<HashSet<String>>(), format!(r#"{{"type":"array","items":{STRING}}}"#));
    assert_eq!(text::<[u8; 3]>(), format!(r#"{{"type":"array","minItems":3,"maxItems":3,"items":{U8}}}"#));
    let pair = format!(r#"{{"type":"array","prefixItems":[{U8},{STRING}],"minItems":2,"maxItems":2}}"#);
    assert_eq!(text::<(u8, String)>(), pair);
    assert_eq!(text::<BTreeMap<String, u8>>(), format!(r#"{{"type":"object","additionalProperties":{U8}}}"#));
    assert_eq!(
        text::<BTreeMap<Colour, u8>>(),
        format!(r#"{{"type":"object","additionalProperties":{U8},"propertyNames":{{"enum":["red","dark_blue"]}}}}"#)
    );
    assert_eq!(text::<Colour>(), r#"{"type":"string","enum":["red","dark_blue"]}"#);
    assert_eq!(Schema::of::<()>().text(), "");
    assert_eq!(text::<Option<u8>>(), U8, "a reply that there need not be");
}

fn fields() -> String {
    format!(
        r#"{{"type":"object","properties":{{"must":{U8},"may":{STRING},"list":{{"type":"array","items":{U8}}},"renamed":{STRING}}},"required":["must","renamed"]}}"#
    )
}

#[test]
fn a_field_is_required_unless_it_may_be_absent() {
    assert_eq!(text::<Fields>(), fields());
}

#[test]
fn an_enum_is_one_of_its_variants() {
    let card = format!(r#"{{"type":"object","properties":{{"digits":{U8}}},"required":["digits"]}}"#);
    let of = |name: &str, content: &str| {
        format!(
            r#"{{"type":"object","properties":{{"{name}":{content}}},"required":["{name}"],"additionalProperties":false}}"#
        )
    };
    let mixed = format!(r#"{{"type":"array","prefixItems":[{U8},{STRING}],"minItems":2,"maxItems":2}}"#);
    let want = format!(
        r#"{{"oneOf":[{{"const":"cash"}},{},{},{}]}}"#,
        of("card", &card),
        of("transfer", &text::<Fields>()),
        of("mixed", &mixed)
    );
    assert_eq!(text::<Method>(), want);
}

#[test]
fn a_type_that_contains_itself_is_written_once() {
    let tree = r##"{"$ref":"#/$defs/1"}"##;
    let body = format!(
        r#"{{"type":"object","properties":{{"name":{STRING},"left":{tree},"children":{{"type":"array","items":{tree}}},"named":{{"type":"object","additionalProperties":{tree}}}}},"required":["name","children","named"]}}"#
    );
    assert_eq!(text::<Tree>(), format!(r##"{{"$ref":"#/$defs/1","$defs":{{"1":{body}}}}}"##));
    let expression = text::<Expression>();
    for part in [
        r##""sum":{"type":"array","minItems":2,"maxItems":2,"items":{"$ref":"#/$defs/1"}}"##,
        r#""of":{"$ref""#,
        r#""number":{"type""#,
    ] {
        assert!(expression.contains(part), "{expression}");
    }
}

fn reason<T: DeserializeOwned>() -> String {
    let panic = std::panic::catch_unwind(Schema::of::<T>).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn what_cannot_be_described_is_refused_with_a_reason() {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
    }

    #[derive(Deserialize)]
    struct Flat {
        #[serde(flatten)]
        inner: Fields,
    }

    #[derive(Deserialize)]
    struct Maybe(Option<u8>);

    #[derive(Deserialize)]
    struct Holds {
        maybe: Maybe,
    }

    #[derive(Debug)]
    struct Full(String);

    impl<'de> Deserialize<'de> for Full {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            if text.is_empty() { Err(serde::de::Error::custom("nothing is not enough")) } else { Ok(Full(text)) }
        }
    }

    #[derive(Deserialize)]
    struct Deep {
        full: Vec<Full>,
    }

    enum Endless {
        Again(Box<Endless>),
    }

    impl<'de> Deserialize<'de> for Endless {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(Deserialize)]
            enum Inner {
                Again(Box<Endless>),
            }
            let Inner::Again(inner) = Inner::deserialize(deserializer)?;
            Ok(Endless::Again(inner))
        }
    }

    for (got, want) in [
        (reason::<Untagged>(), "Untagged: what is here depends on the value"),
        (reason::<Flat>(), "Flat: what is here depends on the value"),
        (
            reason::<Vec<Option<u8>>>(),
            "an Option stands directly for a field of a struct, not for an element of a list",
        ),
        (reason::<BTreeMap<String, Option<u8>>>(), "not for a value of a map"),
        (reason::<BTreeMap<u8, u8>>(), "the keys of a map are strings"),
        (
            reason::<Holds>(),
            "maybe: an Option stands directly for a field of a struct, not directly in a struct of one place",
        ),
        (reason::<Deep>(), "Deep: full[0]: nothing is not enough"),
        (reason::<Endless>(), "the type contains itself without end"),
    ] {
        assert!(got.contains(want), "{got}\nwant {want}");
    }
}
