import { expect, test } from "bun:test";
import { allInTurns } from "../../../src/async/turns.ts";

test("allInTurns() begins some in each turn of the event loop, in their order", async () => {
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const begun: number[] = [];
  const items = Array.from({ length: 1000 }, (_, i) => i);
  await allInTurns(items, (item) => {
    begun.push(item);
    return Promise.resolve();
  });
  isOver = true;
  expect(begun).toEqual(items);
  expect(turn).toBeGreaterThanOrEqual(1000 / 64 - 1);
});

test("allInTurns() waits for all, and throws what the first failure throws", async () => {
  const gates = Array.from({ length: 200 }, () => Promise.withResolvers<void>());
  let isDone = false;
  const all = allInTurns(gates, ({ promise }) => promise).then(() => isDone = true);
  for (const { resolve } of gates.slice(1)) resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(isDone).toBe(false);
  gates[0]!.resolve();
  await all;
  let begun = 0;
  const failure = await allInTurns(gates, () => {
    begun++;
    return Promise.reject(new Error(`work ${begun}`));
  }).catch((error: unknown) => error);
  expect(failure).toEqual(new Error("work 1"));
  expect(begun).toBe(gates.length);
});
