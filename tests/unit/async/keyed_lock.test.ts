import { expect, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom, nat, record } from "fast-check";
import { KeyedLock } from "../../../src/async/keyed_lock.ts";

const NEVER = new AbortController().signal;

test("run() lets jobs with a common key follow each other in the order they asked", async () => {
  const lock = new KeyedLock();
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const first = lock.run(["a", "b"], NEVER, async () => {
    await gate.promise;
    seen.push("first");
  });
  const second = lock.run(["b", "c"], NEVER, () => Promise.resolve(seen.push("second")));
  const third = lock.run(["c"], NEVER, () => Promise.resolve(seen.push("third")));
  await lock.run(["d"], NEVER, () => Promise.resolve(seen.push("other")));
  expect(seen).toEqual(["other"]);
  gate.resolve();
  await Promise.all([first, second, third]);
  expect(seen).toEqual(["other", "first", "second", "third"]);
});

test("run() goes on with the next job when one fails", async () => {
  const lock = new KeyedLock();
  const failed = lock.run(["a"], NEVER, () => Promise.reject(new Error("no")));
  const next = lock.run(["a"], NEVER, () => Promise.resolve("done"));
  expect(await failed.catch(String)).toBe("Error: no");
  expect(await next).toBe("done");
});

test("run() does not begin a job whose signal has fired by its turn", async () => {
  const lock = new KeyedLock();
  const gate = Promise.withResolvers<void>();
  const abort = new AbortController();
  let isBegun = false;
  const first = lock.run(["a"], NEVER, () => gate.promise);
  const second = lock.run(["a"], abort.signal, () => {
    isBegun = true;
    return Promise.resolve();
  });
  abort.abort(new Error("too late"));
  gate.resolve();
  await first;
  expect(await second.catch(String)).toBe("Error: too late");
  expect(isBegun).toBe(false);
  expect(await lock.run(["a"], NEVER, () => Promise.resolve(1))).toBe(1);
});

test("run() never lets two jobs with a common key overlap, whatever they ask for", async () => {
  const jobs = array(
    record({
      keys: array(constantFrom("a", "b", "c"), { minLength: 1 }),
      turns: nat(4),
    }),
    { maxLength: 20 },
  );
  await assert(asyncProperty(jobs, async (list) => {
    const lock = new KeyedLock();
    const busy = new Set<string>();
    await Promise.all(list.map(({ keys, turns }) =>
      lock.run(keys, NEVER, async () => {
        const mine = new Set(keys);
        expect([...mine].filter((key) => busy.has(key))).toEqual([]);
        for (const key of mine) busy.add(key);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        for (const key of mine) busy.delete(key);
      })
    ));
    expect(busy.size).toBe(0);
  }));
});
