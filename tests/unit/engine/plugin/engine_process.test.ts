import { expect, test } from "bun:test";
import { EngineProcess } from "../../../../src/engine/plugin/engine_process.ts";

test("EngineProcess answers nothing, and ends at once, when its process has ended", async () => {
  const deaths: string[] = [];
  const child = await EngineProcess.start({
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
