import { expect, test } from "bun:test";
import { BadValue } from "../../../src/config/value_form.ts";
import { parseInteger } from "../../../src/config/number_forms.ts";

test.each([
  ["0", 0],
  ["-0", 0],
  ["+5", 5],
  ["007", 7],
  ["1 \t\r", 1],
  ["2147483647", 2147483647],
  ["-2147483648", -2147483648],
])("parseInteger() reads %p", (text, number) => {
  expect(Object.is(parseInteger(text), number)).toBe(true);
});

test.each([
  ["", "no value"],
  [" ", "not a number"],
  ["+", "not a number"],
  ["- 1", "not a number"],
  ["--1", "not a number"],
  ["１", "not a number"],
  ["0x10", "not decimal"],
  ["-0X1", "not decimal"],
  ["1.5", "not a whole number"],
  ["-.5", "not a whole number"],
  ["1.", '"." after the number'],
  ["1e3", '"e3" after the number'],
  ["1 2", '" 2" after the number'],
  ["1\n2", '"\\x0a2" after the number'],
  ["1_000", '"_000" after the number'],
  ["1\u00a0", '"\u00a0" after the number'],
  ["2147483648", "beyond 32 bits"],
  ["-2147483649", "beyond 32 bits"],
  ["9".repeat(400), "beyond 32 bits"],
])("parseInteger() refuses %p", (text, message) => {
  expect(() => parseInteger(text)).toThrow(new BadValue(message));
});
