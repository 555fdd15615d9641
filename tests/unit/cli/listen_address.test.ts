import { describe, expect, test } from "bun:test";
import { LISTEN_ADDRESS } from "../../../src/cli/listen_address.ts";

describe("LISTEN_ADDRESS", () => {
  test.each([
    ["127.0.0.1:9819", "127.0.0.1", 9819],
    ["0.0.0.0:0", "0.0.0.0", 0],
    ["[::1]:65535", "::1", 65_535],
    ["[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80],
  ])("reads %s", (text, address, port) => {
    expect(LISTEN_ADDRESS.parse(text)).toEqual({ address, port, text });
  });

  test.each([
    "",
    "127.0.0.1",
    "9819",
    ":9819",
    "localhost:9819",
    "127.1:80",
    "010.0.0.1:80",
    "256.0.0.1:80",
    "1.2.3.4:65536",
    "1.2.3.4:-1",
    "::1:80",
    "[::1]",
    "[::g]:80",
    "[127.0.0.1]:80",
  ])("refuses %p", (text) => {
    expect(LISTEN_ADDRESS.parse(text)).toBeUndefined();
  });
});
