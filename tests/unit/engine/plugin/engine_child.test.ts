import { expect, test } from "bun:test";
import { EngineRefusal } from "../../../../src/engine/engine.ts";
import { EngineChild } from "../../../../src/engine/plugin/engine_child.ts";
import { compileEngine } from "../../../tools/fixtures/engines/compile_engine.ts";
import { PROJECT } from "./engine_setup.ts";

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

test("holdClock() holds, though the process reports only then that it has begun", async () => {
  const limitMs = 200;
  const child = await EngineChild.start({
    title: "project/engine",
    limitMs,
    log: () => undefined,
    onDeath: () => undefined,
  });
  const libname = compileEngine("misbehave.c");
  const engine = { engine: "eng", project: PROJECT, isStarted: false };
  const loaded = child.ask({ ask: "load", ...engine, libname, opsName: "misbehave_ops" });
  void child.holdClock(loaded.then(() => undefined));
  await loaded;
  const over = Promise.withResolvers<void>();
  const filled = child.ask({
    ask: "fill_engine",
    keyFileText: "[engine]\nname=thirdparty\nhang=fill_eng_params\n",
  });
  const outcome = filled.then(() => "done", String);
  void child.holdClock(over.promise);
  expect(await Promise.race([outcome, Bun.sleep(10 * limitMs)])).toBeUndefined();
  over.resolve();
  expect(await outcome).toContain("fill_eng_params did not return within 0.2 s");
});
