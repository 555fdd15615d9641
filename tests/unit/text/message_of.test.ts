import { describe, expect, test } from "bun:test";
import { messageOf, stackOf } from "../../../src/text/message_of.ts";

describe("messageOf()", () => {
  test("is the message of an error", () => {
    expect(messageOf(new RangeError("too far"))).toBe("too far");
  });

  test("is the text of what is no error", () => {
    expect(messageOf("a word")).toBe("a word");
    expect(messageOf(undefined)).toBe("undefined");
  });
});

describe("stackOf()", () => {
  test("says where an error was made", () => {
    const stack = stackOf(new RangeError("too far"));
    expect(stack).toContain("RangeError: too far");
    expect(stack).toContain("message_of.test.ts");
  });

  test("is the message of an error without a stack", () => {
    const error = new Error("bare");
    delete error.stack;
    expect(stackOf(error)).toBe("bare");
  });

  test("is the text of what is no error", () => {
    expect(stackOf(7)).toBe("7");
  });
});
