import { test } from "node:test";

import { compile, float, Kind } from "@eshost/guest/testing";

const LARGEST = 2n ** 64n - 1n;

const counter = (await compile()).type("counter");

test("counting", () => {
  counter
    .given()
    .when("increase", { by: 5 })
    .emits({ increased: { by: 5 } })
    .replies(5)
    .when("decrease", { by: 2 })
    .emits({ decreased: { by: 2 } })
    .replies(3)
    .when("increase", { by: 0 })
    .emits({ increased: { by: 0 } })
    .replies(3)
    .when("decrease", { by: 3 })
    .emits({ decreased: { by: 3 } })
    .replies(0);
});

test("it never leaves its range", () => {
  counter
    .given({ increased: { by: LARGEST - 1n } })
    .when("increase", { by: 2 })
    .rejects("overflow")
    .when("increase", { by: 1 })
    .replies(LARGEST)
    .when("increase", { by: 1 })
    .rejects("overflow")
    .when("decrease", { by: LARGEST })
    .replies(0)
    .when("decrease", { by: 1 })
    .rejects("underflow")
    .leaves(0);
});

test("what it does not understand is a fault", () => {
  counter
    .given({ increased: { by: 5 } })
    .when("reset")
    .faults(Kind.UnknownCommand)
    .when("increase")
    .faults(Kind.BadPayload)
    .when("increase", 5)
    .faults(Kind.BadPayload)
    .when("increase", { by: -1 })
    .faults(Kind.BadPayload)
    .when("increase", { by: float(5) })
    .faults(Kind.BadPayload)
    .when("increase", { by: 5, more: 1 })
    .replies(10);
});
