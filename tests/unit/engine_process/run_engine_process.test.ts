import { expect, test } from "bun:test";
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../../main.ts");

test("runEngineProcess() ends at once when no server has started it", async () => {
  const child = Bun.spawn([process.execPath, MAIN, "x/y"], {
    argv0: "etmemd-engine",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(await child.exited).toBe(2);
  expect(await new Response(child.stderr).text()).toBe(
    "etmemd-engine: it is started by etmemd, to host an engine\n",
  );
  expect(await new Response(child.stdout).text()).toBe("");
});
