import { expect, test } from "bun:test";
import { join } from "node:path";

const SOURCE = join(import.meta.dir, "../../../src");

test("a thread finds out whether page tables can be read, and the main thread takes it over", () => {
  const script = `
    const { areUntried, whyNoPageTables } =
      await import(${JSON.stringify(`${SOURCE}/page_table/why_no_page_tables.ts`)});
    const { tryTrackers } = await import(${JSON.stringify(`${SOURCE}/engine/engine_context.ts`)});
    const canBeTried = areUntried();
    await tryTrackers();
    console.log(JSON.stringify([canBeTried, areUntried(), whyNoPageTables() ?? "nothing"]));
    process.exit();
  `;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);
  const [canBeTried, isUntried, why] = JSON.parse(stdout.toString()) as [boolean, boolean, string];
  expect(why).not.toBe("");
  // where a right is missing there is nothing to try
  expect(isUntried).toBe(canBeTried && why !== "nothing" && isUntried);
  if (why === "nothing") expect([canBeTried, isUntried]).toEqual([true, false]);
});
