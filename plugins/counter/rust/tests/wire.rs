use counter::Counter;
use eshost::Plugin;

fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn the_worked_example_of_the_specification_is_answered_byte_for_byte() {
    let request = unhex(
        "96 a7 636f756e746572 a1 61 00 c0 cf 0000019ab027f500 92
         92 a8 696e637265617365 c4 05 81 a2 6279 05 92 a8 6465637265617365 c4 05 81 a2 6279 07",
    );
    let answer = unhex(
        "93 00 92 93 00 c4 01 05 91 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05
         93 01 a9 756e646572666c6f77 c0 c4 01 05",
    );
    assert_eq!(Plugin::new().with::<Counter>().handle_command(&request), answer);
}

#[test]
fn events_fold_to_the_bare_number() {
    let request = unhex(
        "95 a7 636f756e746572 a1 61 00 c0 92 93 a9 696e63726561736564 01 c4 05 81 a2 6279 05
         93 a9 646563726561736564 01 c4 05 81 a2 6279 02",
    );
    assert_eq!(Plugin::new().with::<Counter>().handle_event(&request), unhex("92 00 c4 01 03"));
}
