import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Caretaker } from "../../../demo/caretaker.ts";
import type { KeyChoice } from "../../../demo/key_choice.ts";
import { RespClient } from "../../../demo/resp_client.ts";
import { StoreLoad } from "../../../demo/store_load.ts";
import { countWrong, fill, startStore, type Store } from "../../../demo/store.ts";
import { keyName, storedValue, VALUE_BYTES } from "../../../demo/stored_value.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

const KEYS = 2000;
const { signal } = new AbortController();
const unchanged = (): number => 0;

/** `count` keys from `first` on, one after the other, again and again. */
function inTurn(count: number, first = 0): KeyChoice {
  let turn = 0;
  return { about: "", next: () => first + turn++ % count };
}

describe("the demo's own store", () => {
  let caretaker: Caretaker;
  let store: Store;
  let client: RespClient;

  beforeAll(async () => {
    caretaker = new Caretaker();
    const folder = mkdtempSync(join(tmpdir(), "etmem-demo-test-"));
    caretaker.entrust({ kind: "folder", path: folder });
    const choice = { own: true, capacityBytes: KEYS * VALUE_BYTES };
    store = await startStore(choice, folder, caretaker, signal);
    client = await RespClient.connect(store.path);
    await fill(client, KEYS, signal);
  });

  afterAll(async () => {
    client.close();
    expect(await caretaker.finish()).toEqual([]);
    expect(await store.exited).toBe(0);
  });

  test("countWrong() finds none when nothing was changed", async () => {
    expect(await client.call("DBSIZE")).toBe(KEYS);
    expect(await countWrong(client, KEYS, unchanged, signal)).toBe(0);
  });

  test("countWrong() counts values that were changed, and those that are missing", async () => {
    const spoiled = storedValue(7, 0);
    spoiled[VALUE_BYTES - 1] = 0;
    await client.call("SET", keyName(7), spoiled);
    await client.call("SET", keyName(8), storedValue(7, 0));
    expect(await countWrong(client, KEYS + 3, unchanged, signal)).toBe(5);
    await client.call("SET", keyName(7), storedValue(7, 0));
    await client.call("SET", keyName(8), storedValue(8, 0));
  });

  test("StoreLoad makes the requests that are due, and counts what it writes", async () => {
    const versions = new Uint32Array(KEYS);
    const load = new StoreLoad(client, inTurn(5), versions, 2000);
    const timesMs: number[] = [];
    const begin = performance.now();
    await waitFor("some requests", () => timesMs.push(...load.sample().latenciesMs) > 300);
    await load.stop();
    timesMs.push(...load.sample().latenciesMs);
    expect(timesMs.length).toBeLessThanOrEqual((performance.now() - begin) * 2 + 4);
    expect(Math.min(...timesMs)).toBeGreaterThanOrEqual(0);
    expect(versions.reduce((sum, version) => sum + version)).toBe(Math.ceil(timesMs.length / 10));
    expect([load.takeUsedKeys(), load.takeUsedKeys()]).toEqual([5, 0]);
    expect(load.wrong).toBe(0);
    expect(await countWrong(client, KEYS, (number) => versions[number]!, signal)).toBe(0);
  });

  test("StoreLoad counts the wait for a store that stands still in every request that fell due", async () => {
    const other = await RespClient.connect(store.path);
    let sent = 0;
    const choice = { about: "", next: () => 100 + sent++ % 5 };
    const load = new StoreLoad(other, choice, new Uint32Array(KEYS), 1000);
    await waitFor("a request", () => load.sample().latenciesMs.length > 0);
    process.kill(store.pid, "SIGSTOP");
    const before = sent;
    await waitFor("requests of 200 ms", () => sent >= before + 200);
    process.kill(store.pid, "SIGCONT");
    await load.stop();
    other.close();
    const timesMs = load.sample().latenciesMs;
    expect(Math.max(...timesMs)).toBeGreaterThan(150);
    expect(timesMs.filter((timeMs) => timeMs > 50).length).toBeGreaterThan(100);
  });

  test("StoreLoad counts what a request waits before it can be sent", async () => {
    const load = new StoreLoad(client, inTurn(5, 200), new Uint32Array(KEYS), 1000);
    await waitFor("a request", () => load.sample().latenciesMs.length > 0);
    Bun.sleepSync(200);
    await load.stop();
    const timesMs = load.sample().latenciesMs;
    expect(Math.max(...timesMs)).toBeGreaterThan(150);
  });

  test("StoreLoad counts values that somebody else changed", async () => {
    const other = await RespClient.connect(store.path);
    const load = new StoreLoad(other, inTurn(1, 900), new Uint32Array(KEYS), 1000);
    await waitFor("a wrong value", async () => {
      await client.call("SET", keyName(900), storedValue(1, 77));
      return load.wrong > 0;
    });
    await load.stop();
    other.close();
  });

  test("stop() throws when the store has closed the connection", async () => {
    const other = await RespClient.connect(store.path);
    const load = new StoreLoad(other, inTurn(1, 900), new Uint32Array(KEYS), 1000);
    other.close();
    const refusal = load.stop().catch(String);
    expect(await refusal).toContain("the connection was closed");
    expect(() => load.sample()).toThrow("the connection was closed");
  });

  test("a full store refuses what does not fit", async () => {
    const refusal = client.call("SET", "one more", "value").catch(String);
    expect(await refusal).toContain("the store is full");
  });

  test("an unknown command is refused and the connection goes on", async () => {
    expect(await client.call("FLUSHALL").catch(String)).toContain("unknown command");
    expect(await client.call("PING")).toBe("PONG");
  });
});
