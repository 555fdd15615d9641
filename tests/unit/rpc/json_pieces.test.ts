import { expect, test } from "bun:test";
import { type Arbitrary, array, assert, jsonValue, property, record } from "fast-check";
import { jsonPieces } from "../../../src/rpc/json_pieces.ts";

/** A list of the same entries that is no array. */
function lazy(entries: readonly object[]): Iterable<object> {
  return { [Symbol.iterator]: () => entries.values() };
}

interface Nested {
  readonly plain: unknown;
  readonly list?: readonly Nested[];
}

function lazily({ plain, list }: Nested): object {
  return {
    plain,
    absent: undefined,
    ...(list === undefined ? {} : { list: lazy(list.map(lazily)) }),
  };
}

test("jsonPieces() makes the text that JSON.stringify() makes of arrays", () => {
  let nested: Arbitrary<Nested> = record({ plain: jsonValue({ maxDepth: 1 }) });
  for (let depth = 0; depth < 3; depth++) {
    nested = record({ plain: jsonValue({ maxDepth: 1 }), list: array(nested, { maxLength: 3 }) });
  }
  assert(property(nested, (value) => {
    expect([...jsonPieces(lazily(value))].join("")).toBe(JSON.stringify(value));
  }));
  expect([...jsonPieces(lazy([]))].join("")).toBe("[]");
  expect([...jsonPieces({ a: [1, { b: 2 }] })]).toEqual(['{"a":[1,{"b":2}]}']);
});

test("jsonPieces() makes an entry only when the one before has been taken", () => {
  let made = 0;
  function* entries(): Generator<object> {
    for (; made < 1000; made++) yield { number: made };
  }
  const pieces = jsonPieces({ entries: entries() });
  let text = "";
  while (!text.includes('{"number":3')) text += pieces.next().value ?? "";
  expect(made).toBe(3);
});
