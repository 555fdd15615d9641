import { expect, test } from "bun:test";
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../../../main.ts");

test("runEngineHost() ends at once when no server has started it", async () => {
  const host = Bun.spawn([process.execPath, MAIN, "x/y"], {
    argv0: "etmemd-engine",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(await host.exited).toBe(2);
  expect(await new Response(host.stderr).text()).toBe(
    "etmemd-engine: it is started by etmemd, to host an engine\n",
  );
  expect(await new Response(host.stdout).text()).toBe("");
});
