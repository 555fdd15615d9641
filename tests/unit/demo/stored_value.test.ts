import { expect, test } from "bun:test";
import { keyName, storedValue, VALUE_BYTES } from "../../../demo/stored_value.ts";

test("storedValue() differs in every part of 100 bytes when key or version differ", () => {
  const values = [storedValue(1, 0), storedValue(2, 0), storedValue(1, 1), storedValue(10, 0)];
  for (const value of values) expect(value).toHaveLength(VALUE_BYTES);
  for (let from = 0; from < VALUE_BYTES; from += 100) {
    const parts = new Set(values.map((value) => value.toString("latin1", from, from + 100)));
    expect(parts.size).toBe(values.length);
  }
});

test("keyName() gives each number a key of its own", () => {
  expect(new Set([0, 1, 10, 11].map(keyName)).size).toBe(4);
});
