import { expect, test } from "bun:test";
import { GlibError } from "../../../ffi/glib.ts";
import { ReadableKeyFile } from "../../tools/fixtures/readable_key_file.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("GKeyFile lists groups once and keys as often as they stand there", () => {
  using file = new ReadableKeyFile(bytes("[a]\nb=1\nb= 2\n[c]\n[a]\nd=3\n"));
  expect(file.groups()).toEqual(["a", "c"]);
  expect(file.keys("a")).toEqual(["b", "b", "d"]);
  expect(file.keys("c")).toEqual([]);
  expect(new TextDecoder().decode(file.value("a", "b"))).toBe("2");
});

test("GKeyFile reads values raw, unescaped and as numbers", () => {
  using file = new ReadableKeyFile(bytes("[a]\ns=x\\ty\\s\nn=-2147483648\ne=\n"));
  expect(new TextDecoder().decode(file.value("a", "s"))).toBe("x\\ty\\s");
  expect(file.string("a", "s")).toBe("x\ty ");
  expect(file.string("a", "e")).toBe("");
  expect(file.value("a", "e")).toEqual(new Uint8Array());
  expect(file.integer("a", "n")).toBe(-2147483648);
});

test("GKeyFile throws the message of the GError when GLib refuses", () => {
  expect(() => new ReadableKeyFile(bytes("[a\n"))).toThrow(GlibError);
  expect(() => new ReadableKeyFile(bytes("[a\n"))).toThrow("[a");
  using file = new ReadableKeyFile(bytes("[a]\ns=x\\q\nn=1x\n"));
  expect(() => file.string("a", "s")).toThrow("cannot be interpreted");
  expect(() => file.integer("a", "n")).toThrow("cannot be interpreted");
  expect(() => file.value("a", "none")).toThrow("none");
  expect(() => file.keys("none")).toThrow("none");
});

test("GKeyFile takes an empty text", () => {
  using file = new ReadableKeyFile(new Uint8Array());
  expect(file.groups()).toEqual([]);
});

test("GKeyFile frees what it is given when it is used many times", () => {
  const long = "x".repeat(100_000);
  const text = bytes(`[a]\n${long}=1\nk=${long}\n`);
  const wrong = bytes(long);
  const round = (): void => {
    for (let i = 0; i < 50; i++) {
      using file = new ReadableKeyFile(text);
      file.keys("a");
      file.string("a", "k");
      file.value("a", "k");
      expect(() => new ReadableKeyFile(wrong)).toThrow(GlibError);
    }
    Bun.gc(true);
  };
  for (let i = 0; i < 3; i++) round();
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 20; i++) round();
  // One leaked string, list, error or file a pass would be 1000 * 100 kB: 100 MB. The rest is the
  // runtime's.
  expect(process.memoryUsage.rss() - before).toBeLessThan(40_000_000);
});
