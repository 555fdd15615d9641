import { describe, expect, test } from "bun:test";
import { transferablesOf } from "../../../src/worker/messages.ts";

describe("transferablesOf()", () => {
  test("finds the memory of every typed array once, wherever it is", () => {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const a = new Uint8Array(3);
    const b = new Float64Array(2);
    const c = new Uint32Array(1);
    const message = {
      a,
      again: a.subarray(1),
      list: [{ b }, { c }],
      plain: [1, 2, 3],
      nothing: null,
      left: undefined,
      text: "x",
      map: new Map([["x", 1]]),
      shared,
      raw: new SharedArrayBuffer(4),
    };
    expect(transferablesOf(message)).toEqual([a.buffer, b.buffer, c.buffer]);
  });

  test("gives what structuredClone takes", () => {
    const message = { a: new Uint8Array([1, 2]), deep: { b: [new Float64Array([3])] } };
    const clone = structuredClone(message, { transfer: transferablesOf(message) });
    expect([...clone.a, ...clone.deep.b[0]!]).toEqual([1, 2, 3]);
    expect(message.a).toHaveLength(0);
  });
});
