import { afterAll, expect, test } from "bun:test";
import { Random } from "../tools/fixtures/random.ts";
import { SEED } from "../tools/fixtures/seed.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { askStatus } from "./ask_status.ts";
import { ConfEdits, projectsIn, restartFaults, unchangedTasks } from "./conf_edits.ts";
import { Installation } from "./conf_installation.ts";
import { ServerProcess } from "./server_process.ts";

// Files of --conf-dir are edited in bursts: CONF_EDITS edits, 100 where nobody says, chosen by
// CONF_SEED. npm run test:edits makes 1000, each time others.

const EDITS = Number(process.env["CONF_EDITS"] ?? 100);
const CONF_SEED = Number(process.env["CONF_SEED"] ?? SEED);

const swap = TemporarySwap.make(2 ** 20);
afterAll(() => swap[Symbol.dispose]());
if (swap.missing !== undefined) console.log(`edits of --conf-dir: left out: ${swap.missing}`);

/** Servers that follow a folder each, and share the edits. */
const AT_ONCE = 2;

/** Has a server follow so many edits. @returns how many tasks went on in all, burst by burst. */
async function follow(count: number, seed: number): Promise<number> {
  using files = new Installation();
  const edits = new ConfEdits(files.confDir, new Random(seed));
  await using server = await ServerProcess.start({
    args: ["--conf-dir", files.confDir],
    env: { STATE_DIRECTORY: files.stateDir },
  });
  let before = projectsIn(await askStatus(server.name));
  let kept = 0;
  for (let done = 0; done < count;) {
    done += edits.burst();
    const wanted = JSON.stringify([...edits.good]);
    const after = await waitFor(`${wanted} after ${done} edits`, async () => {
      const seen = projectsIn(await askStatus(server.name));
      return edits.areFollowedBy(seen) && seen;
    });
    expect(restartFaults(before, after)).toEqual([]);
    kept += unchangedTasks(before, after).length;
    before = after;
  }
  edits.clear();
  await waitFor("an empty folder", async () => {
    return edits.areFollowedBy(projectsIn(await askStatus(server.name)));
  });
  return kept;
}

test.skipIf(swap.missing !== undefined)(
  `--conf-dir follows ${EDITS} edits with CONF_SEED=${CONF_SEED}: what the last good files say runs, ` +
    "and what did not change goes on",
  async () => {
    const kept = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, i) => follow(EDITS / AT_ONCE, CONF_SEED + i)),
    );
    expect(Math.min(...kept)).toBeGreaterThan(EDITS / AT_ONCE);
  },
);
