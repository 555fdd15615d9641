import { expect, test } from "bun:test";
import { EngineRefusal } from "../../../../src/engine/engine.ts";
import { EngineChild } from "../../../../src/engine/plugin/engine_child.ts";

test("EngineChild answers nothing, and ends at once, when its process has ended", async () => {
  const deaths: string[] = [];
  const child = await EngineChild.start({
    title: "project/engine",
    limitMs: 30_000,
    log: () => undefined,
    onDeath: (reason) => deaths.push(reason),
  });
  expect(child.isAlive).toBe(true);
  await child.kill();
  expect(child.isAlive).toBe(false);
  expect(() => child.ask({ ask: "end" })).toThrow("its process has ended");
  await child.end();
  await child.kill();
  expect(deaths).toEqual([]);
});

test("give() refuses, and kills the process, when it leaves descriptors where they are", async () => {
  const death = Promise.withResolvers<string>();
  const child = await EngineChild.start({
    title: "project/engine",
    limitMs: 30_000,
    log: () => undefined,
    onDeath: death.resolve,
  });
  const giveForEver = (): void => {
    for (;;) child.give(0);
  };
  const reason = "does not read the channel for descriptors";
  expect(giveForEver).toThrow(new EngineRefusal(reason));
  expect(await death.promise).toBe(reason);
});
