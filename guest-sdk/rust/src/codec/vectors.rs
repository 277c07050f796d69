//! The golden vectors of the ABI that are about payloads.

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use std::fs;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{decode, encode};
use crate::Bytes;

macro_rules! structs {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Debug, Serialize, Deserialize)]
        struct $name { $($field: $type),* }
    )*};
}

structs! {
    Empty {}
    By { by: u64 }
    Note { note: Option<String> }
    ByNote { by: u64, note: Option<String> }
    ZetaAlpha { zeta: u64, alpha: String }
    Zeros { n: u64, s: String, b: bool, f: f64, l: Vec<u64>, m: BTreeMap<String, u64>, x: Bytes }
    Point { x: i64, y: i64 }
    Nested { at: Point, path: Vec<Point>, tags: BTreeMap<String, Vec<String>> }
    MaybeBy { a: Option<By> }
    Sixteen {
        f00: u8, f01: u8, f02: u8, f03: u8, f04: u8, f05: u8, f06: u8, f07: u8,
        f08: u8, f09: u8, f10: u8, f11: u8, f12: u8, f13: u8, f14: u8, f15: u8
    }
    NowThen { now: Motion, then: Vec<Motion> }
    AtBy { at: By }
}

#[derive(Debug, Serialize, Deserialize)]
struct X<T> {
    x: T,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Motion {
    Idle,
    Moving { to: String },
    At(u64),
}

/// What is done with a case and a type of ours that is the type of the case.
trait Check {
    fn check<T: Serialize + DeserializeOwned>(&mut self);
}

const MOTION: &str = r#"{"enum":[["idle",null],["moving",{"struct":[["to","str"]]}],["at","u64"]]}"#;
const BY: &str = r#"{"struct":[["by","u64"]]}"#;
const POINT: &str = r#"{"struct":[["x","i64"],["y","i64"]]}"#;

/// Finds the type of ours for one in the notation of the vectors.
fn with_type(notation: &Value, check: &mut impl Check) {
    let text = notation.to_string();
    let text = text.replace(MOTION, "MOTION").replace(BY, "BY").replace(POINT, "POINT");
    let eight_bits: Vec<String> = (0..16).map(|i| format!(r#"["f{i:02}","u8"]"#)).collect();
    let sixteen = format!(r#"{{"struct":[{}]}}"#, eight_bits.join(","));
    match text.as_str() {
        r#""u8""# => check.check::<u8>(),
        r#""u16""# => check.check::<u16>(),
        r#""u32""# => check.check::<u32>(),
        r#""u64""# => check.check::<u64>(),
        r#""i8""# => check.check::<i8>(),
        r#""i16""# => check.check::<i16>(),
        r#""i32""# => check.check::<i32>(),
        r#""i64""# => check.check::<i64>(),
        r#""f64""# => check.check::<f64>(),
        r#""f32""# => check.check::<f32>(),
        r#""bool""# => check.check::<bool>(),
        r#""str""# => check.check::<String>(),
        r#""bytes""# => check.check::<Bytes>(),
        "MOTION" => check.check::<Motion>(),
        "BY" => check.check::<By>(),
        r#"{"list":"u8"}"# => check.check::<Vec<u8>>(),
        r#"{"list":"u64"}"# => check.check::<Vec<u64>>(),
        r#"{"list":"str"}"# => check.check::<Vec<String>>(),
        r#"{"list":BY}"# => check.check::<Vec<By>>(),
        r#"{"list":{"list":"i64"}}"# => check.check::<Vec<Vec<i64>>>(),
        r#"{"map":"u8"}"# => check.check::<BTreeMap<String, u8>>(),
        r#"{"map":"u64"}"# => check.check::<BTreeMap<String, u64>>(),
        r#"{"map":"bool"}"# => check.check::<BTreeMap<String, bool>>(),
        r#"{"struct":[]}"# => check.check::<Empty>(),
        r#"{"struct":[["note","str?"]]}"# => check.check::<Note>(),
        r#"{"struct":[["by","u64"],["note","str?"]]}"# => check.check::<ByNote>(),
        r#"{"struct":[["zeta","u64"],["alpha","str"]]}"# => check.check::<ZetaAlpha>(),
        r#"{"struct":[["a",{"optional":BY}]]}"# => check.check::<MaybeBy>(),
        r#"{"struct":[["at",BY]]}"# => check.check::<AtBy>(),
        r#"{"struct":[["at",POINT],["path",{"list":POINT}],["tags",{"map":{"list":"str"}}]]}"# => {
            check.check::<Nested>()
        }
        r#"{"struct":[["n","u64"],["s","str"],["b","bool"],["f","f64"],["l",{"list":"u64"}],["m",{"map":"u64"}],["x","bytes"]]}"# =>
        {
            check.check::<Zeros>();
        }
        r#"{"struct":[["now",MOTION],["then",{"list":MOTION}]]}"# => check.check::<NowThen>(),
        r#"{"struct":[["x",BY]]}"# => check.check::<X<By>>(),
        r#"{"struct":[["x","u64"]]}"# => check.check::<X<u64>>(),
        r#"{"struct":[["x","i64"]]}"# => check.check::<X<i64>>(),
        r#"{"struct":[["x","f64"]]}"# => check.check::<X<f64>>(),
        r#"{"struct":[["x","bool"]]}"# => check.check::<X<bool>>(),
        r#"{"struct":[["x","str"]]}"# => check.check::<X<String>>(),
        r#"{"struct":[["x","bytes"]]}"# => check.check::<X<Bytes>>(),
        r#"{"struct":[["x",{"list":"u64"}]]}"# => check.check::<X<Vec<u64>>>(),
        r#"{"struct":[["x",{"map":"u64"}]]}"# => check.check::<X<BTreeMap<String, u64>>>(),
        r#"{"struct":[["x",MOTION]]}"# => check.check::<X<Motion>>(),
        text if text == sixteen => check.check::<Sixteen>(),
        other => panic!("the vectors have a type that these tests do not know: {other}"),
    }
}

fn cases(section: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../abi/testdata/vectors.json");
    let text = fs::read_to_string(path).expect("the golden vectors lie beside the SDK's folder in the repository");
    let all: Value = serde_json::from_str(&text).unwrap();
    let cases = all[section].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "the section {section} is empty");
    cases
}

fn unhex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap();
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

/// What serde_json makes of our types, out of what the vectors have: bytes are numbers, and there are no floats but finite ones.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(entries) => match entries.iter().next().map(|(key, value)| (key.as_str(), value)) {
            Some(("$int", digits)) => serde_json::from_str(digits.as_str().unwrap()).unwrap(),
            Some(("$float", _)) => Value::Null,
            Some(("$bin", text)) => json!(base64(text.as_str().unwrap())),
            _ => Value::Object(entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        },
        Value::Array(all) => all.iter().map(plain).collect(),
        other => other.clone(),
    }
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let padding = group.iter().filter(|c| **c == b'=').count();
        let bits = group.iter().fold(0_u32, |bits, c| bits << 6 | ALPHABET.find(*c as char).unwrap_or(0) as u32);
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    bytes
}

/// A value of ours, without the fields that are absent.
fn shown<T: Serialize>(value: &T) -> Value {
    fn without_null(value: Value) -> Value {
        match value {
            Value::Object(entries) => {
                let there = entries.into_iter().filter(|(_, value)| !value.is_null());
                Value::Object(there.map(|(key, value)| (key, without_null(value))).collect::<Map<_, _>>())
            }
            Value::Array(all) => all.into_iter().map(without_null).collect(),
            other => other,
        }
    }
    without_null(serde_json::to_value(value).unwrap())
}

struct Payload(Value);

impl Check for Payload {
    fn check<T: Serialize + DeserializeOwned>(&mut self) {
        let (name, bytes) = (&self.0["name"], unhex(&self.0["bytes"]));
        let also = self.0["also"].as_array().cloned().unwrap_or_default();
        for form in also.iter().map(unhex).chain([bytes.clone()]) {
            let value: T = decode(Some(&form)).unwrap_or_else(|e| panic!("{name}: {form:02x?}: {e}"));
            assert_eq!(shown(&value), plain(&self.0["value"]), "{name}: {form:02x?}");
            assert_eq!(encode(&value).unwrap(), Some(bytes.clone()), "{name}");
        }
    }
}

#[test]
fn payloads_are_written_canonically_and_read_in_every_form() {
    for case in cases("payloads") {
        with_type(&case["type"].clone(), &mut Payload(case));
    }
}

struct Strict {
    case: Value,
    payload: Option<Vec<u8>>,
}

impl Check for Strict {
    fn check<T: Serialize + DeserializeOwned>(&mut self) {
        let name = &self.case["name"];
        match (decode::<T>(self.payload.as_deref()), self.case.get("value")) {
            (Ok(value), Some(want)) => assert_eq!(shown(&value), plain(want), "{name}"),
            (Err(_), None) => {}
            (Ok(value), None) => panic!("{name}: gave {}, want it refused", shown(&value)),
            (Err(e), Some(want)) => panic!("{name}: {e}, want {want}"),
        }
    }
}

#[test]
fn decoding_is_strict() {
    for case in cases("strict_decoding") {
        let payload = Some(unhex(&case["bytes"]));
        with_type(&case["type"].clone(), &mut Strict { case, payload });
    }
}

#[test]
fn no_payload_reads_like_an_empty_map() {
    for case in cases("no_payload") {
        with_type(&case["type"].clone(), &mut Strict { case, payload: None });
    }
}

/// A map that comes in its own order.
struct Unsorted(Vec<(&'static str, u8)>);

impl Serialize for Unsorted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

#[test]
fn a_map_is_sorted_by_the_bytes_of_its_keys_and_has_each_once() {
    let sorted = encode(&Unsorted(vec![("b", 1), ("aa", 200), ("", 3), ("a", 4)])).unwrap();
    assert_eq!(sorted, Some(unhex(&json!("84a003a16104a26161ccc8a16201"))));
    let twice = encode(&Unsorted(vec![("b", 1), ("a", 2), ("b", 3)])).unwrap_err();
    assert_eq!(twice.to_string(), "b: this key comes twice");
}

#[test]
fn a_field_with_a_default_takes_nil_as_if_it_were_absent() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Defaulted {
        #[serde(default)]
        list: Vec<u8>,
        #[serde(default)]
        n: u8,
    }
    let value: Defaulted = decode(Some(&unhex(&json!("82a46c697374c0a16ec0")))).unwrap();
    assert_eq!(value, Defaulted { list: vec![], n: 0 });
}

#[test]
fn what_does_not_decode_is_named_by_its_path() {
    for (bytes, want) in [
        ("80", "by: missing"),
        ("81a26279ff", "by: -1 is out of the range of an unsigned 64-bit integer"),
        ("81a26279cb4014000000000000", "by: a float, where an unsigned 64-bit integer is wanted"),
        ("05", "an integer, where a struct is wanted"),
        ("81a26279cf", "by: an integer that is cut off or not well-formed, where an unsigned 64-bit integer is wanted"),
    ] {
        assert_eq!(decode::<By>(Some(&unhex(&json!(bytes)))).unwrap_err().to_string(), want);
    }
    assert_eq!(decode::<By>(None).unwrap_err().to_string(), "by: missing");
    assert_eq!(decode::<u64>(None).unwrap_err().to_string(), "nothing, where an unsigned 64-bit integer is wanted");
    let list = unhex(&json!("81a461626364929081a26279c0"));
    assert_eq!(
        decode::<BTreeMap<String, Vec<By>>>(Some(&list)).unwrap_err().to_string(),
        "abcd[0]: a list, where a struct is wanted"
    );
    let unknown = unhex(&json!("a6666c79696e67"));
    assert_eq!(
        decode::<Motion>(Some(&unknown)).unwrap_err().to_string(),
        "\"flying\" is not one of the variants: idle, moving, at"
    );
}
