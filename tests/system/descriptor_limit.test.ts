import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { PROCESS_MADVISE } from "../../src/mover/mover_process_madvise.ts";
import type { RoundStatus } from "../../src/status/round_status.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { ask, RawClient, SHOW_V1 } from "./raw_client.ts";
import { ServerProcess } from "./server_process.ts";
import { expectAccount, processMemory, slideFile, SlideServer } from "./slide_server.ts";

const MIB = 2 ** 20;
const SIZE = 4 * MIB;
/**
 * What waits in a CPU's batch for the LRU lists, 31 pages at most (PAGEVEC_SIZE),
 * cannot be reclaimed.
 */
const MOST = SIZE - 32 * 4096;
const PLENTY = 1024;

const swap = TemporarySwap.make(64 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`a server out of descriptors: left out: ${missing}`);

/** Sets how many descriptors a process may have; those that it has stay. */
function limitDescriptors(pid: number, count: number): void {
  const { exitCode, stderr } = Bun.spawnSync(["prlimit", "-p", String(pid), `--nofile=${count}:`]);
  if (exitCode !== 0) throw new Error(stderr.toString());
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How many descriptors a server has at rest: what it has opened for a moment is closed again. */
async function descriptorsAtRest(pid: number): Promise<number> {
  let last = -1;
  let looks = 0;
  return await waitFor("the server to come to rest", () => {
    const now = descriptors(pid);
    looks = now === last ? looks + 1 : 0;
    last = now;
    return looks === 5 && now;
  }, { firstPauseMs: 20 });
}

/** Whether a round could do nothing for want of descriptors, and says so. */
function isShort({ state, skipped }: RoundStatus): boolean {
  return state === "done" && skipped.some(({ reason }) => reason.includes("EMFILE"));
}

describe.skipIf(missing !== undefined)("a server with few descriptors left", () => {
  test("refuses to start a project when there is not one for its files", async () => {
    await using server = await SlideServer.launch();
    const text = slideFile("a", { pid: process.pid });
    const path = server.process.file("a.conf", text);
    // So that what it loads for its engines is loaded.
    await server.status();
    // One is the client's.
    limitDescriptors(server.pid, await descriptorsAtRest(server.pid) + 1);
    const answer = await ask(
      server.process.name,
      `proj_name - file_name ${path} cmd 0 eng_name - eng_cmd - task_name -`,
    );
    expect(answer).toMatch(/^error: [^\n]*EMFILE[^\n]*\[failed\]$/);
    limitDescriptors(server.pid, PLENTY);
    await server.add("a", text);
  });

  // The thread that has tried the trackers is there, and cannot open what a scan needs.
  for (const left of [2, 3]) {
    test.concurrent(`with ${left}, says that nothing could be done, and does it when there are more`, async () => {
      using target = await TargetProcess.start({ hot: "none", sizeBytes: SIZE });
      await using server = await SlideServer.launch();
      await server.addObjects("a", slideFile("a", { pid: target.pid }));
      await server.status();
      limitDescriptors(server.pid, await descriptorsAtRest(server.pid) + left);
      await server.start("a");
      const short = await waitFor("a round that could do nothing", async () => {
        try {
          return (await server.task("a")).rounds.find(isShort);
        } catch {
          return undefined; // no descriptor is left for the answer either, at this moment
        }
      }, { firstPauseMs: 50 });
      expectAccount(short);
      expect(short).toMatchObject({ asked_bytes: 0, moved_bytes: 0 });
      expect(short.scan_errors).toBeGreaterThan(0);
      expect(processMemory(target.pid, "VmSwap")).toBe(0);
      limitDescriptors(server.pid, PLENTY);
      await waitFor("the memory to go", () => processMemory(target.pid, "VmSwap") >= MOST);
      expect(await target.target.verify()).toBe(0);
      await server.stop("a");
      expect(server.processDescriptors()).toBe(0);
    });
  }
});

describe("clients that take one connection after the other", () => {
  test("leave the server its descriptors, are told so, and are served when others have gone", async () => {
    await using server = await ServerProcess.start();
    const before = await descriptorsAtRest(server.pid);
    const silent: RawClient[] = [];
    for (let i = 0; i < 1200; i++) silent.push(await RawClient.connect(server.name));
    await waitFor("the last ones to be closed", () => silent.at(-1)?.isClosed);
    expect(descriptors(server.pid) - before).toBeLessThanOrEqual(1024);
    const [busy] = silent.slice(600);
    expect(await busy?.send(SHOW_V1).answer()).toBe(
      "error: etmemd has internal error: 512 other clients are being served[failed]",
    );
    const [served] = silent;
    expect(await served?.send(SHOW_V1).answer()).toBe("no project exists\n\n[ok]");
    for (const client of silent) client[Symbol.dispose]();
    await waitFor("the connections to be closed", () => descriptors(server.pid) <= before);
    expect(await ask(server.name, SHOW_V1)).toBe("no project exists\n\n[ok]");
  });
});
