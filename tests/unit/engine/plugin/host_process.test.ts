import { expect, test } from "bun:test";
import { HostProcess } from "../../../../src/engine/plugin/host_process.ts";

test("HostProcess answers nothing, and ends at once, when its process has ended", async () => {
  const deaths: string[] = [];
  const host = await HostProcess.start({
    title: "project/engine",
    limitMs: 30_000,
    log: () => undefined,
    onDeath: (reason) => deaths.push(reason),
  });
  expect(host.isAlive).toBe(true);
  await host.kill();
  expect(host.isAlive).toBe(false);
  expect(() => host.ask({ ask: "end" })).toThrow("its process has ended");
  await host.end();
  await host.kill();
  expect(deaths).toEqual([]);
});
