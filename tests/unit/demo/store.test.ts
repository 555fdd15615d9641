import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Caretaker } from "../../../demo/caretaker.ts";
import { HotLoad } from "../../../demo/hot_load.ts";
import { RespClient } from "../../../demo/resp_client.ts";
import { countWrong, fill, startStore, type Store } from "../../../demo/store.ts";
import { keyName, storedValue, VALUE_BYTES } from "../../../demo/stored_value.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

const KEYS = 2000;
const { signal } = new AbortController();
const unchanged = (): number => 0;

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

  test("HotLoad replaces values and knows their versions", async () => {
    const load = new HotLoad(client, 5);
    let requests = 0;
    await waitFor("some requests", () => (requests += load.sample().requests) > 300);
    await load.stop();
    const versions = [0, 1, 2, 3, 4].map((number) => load.versionOf(number));
    expect(Math.max(...versions)).toBeGreaterThan(0);
    expect(load.wrong).toBe(0);
    expect(await countWrong(client, KEYS, (number) => load.versionOf(number), signal)).toBe(0);
  });

  test("HotLoad counts values that somebody else changed", async () => {
    await client.call("SET", keyName(900), storedValue(900, 5));
    const other = await RespClient.connect(store.path);
    const load = new HotLoad(other, 1);
    await waitFor("a wrong value", async () => {
      await client.call("SET", keyName(0), storedValue(1, 77));
      return load.wrong > 0;
    });
    await load.stop();
    other.close();
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
