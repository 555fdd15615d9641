import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, realpathSync, writeSync } from "node:fs";
import { join } from "node:path";
import { NotThere, type Peer } from "../../../bench/workload/peer.ts";
import { PEERS, UNTOUCHED } from "../../../bench/workload/peers.ts";
import { compileProgram } from "../../../bench/workload/programs.ts";
import { folderOfBuild } from "../../../bench/workload/other_build.ts";
import { runBeside } from "../../../bench/workload/run.ts";
import { lastWindows } from "../../../bench/workload/window.ts";
import { type TargetSettings, WorkloadTarget } from "../../../bench/workload/workload_target.ts";
import { messageOf } from "../../../src/text/message_of.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const PAGES = 300;
const PAGE_BYTES = 4096;

let folder: ScratchFolder;
let executable = "";

beforeAll(() => {
  folder = new ScratchFolder();
  executable = compileProgram("workload", folder.path);
});
afterAll(() => folder[Symbol.dispose]());

function settings(draw: string, processes = 1, vmas = 1): TargetSettings {
  return {
    executable,
    workload: { name: "small", about: "", processes, pages: PAGES, rate: 200, draw, vmas },
    course: { seconds: 2, seed: 1 },
    windowSeconds: 1,
    comm: `load-${process.pid}`,
  };
}

function surroundings(): { readonly folder: string; readonly bin: string } {
  return { folder: folder.path, bin: folder.path };
}

/** Changes a word of a workload that is one VMA. */
function spoil(target: WorkloadTarget, page: number, word: number): void {
  const [pid] = target.pids;
  const areas = [...readFileSync(`/proc/${pid}/maps`, "latin1").matchAll(/^(\w+)-(\w+) rw-p/gm)]
    .map(([, start = "", end = ""]) => [parseInt(start, 16), parseInt(end, 16)] as const);
  const area = areas.find(([start, end]) => end - start === PAGES * PAGE_BYTES);
  if (area === undefined) throw new Error("the workload has no area");
  const fd = openSync(`/proc/${pid}/mem`, "r+");
  try {
    writeSync(fd, new BigUint64Array([0xbadn]), 0, 8, area[0] + page * PAGE_BYTES + 8 * word);
  } finally {
    closeSync(fd);
  }
}

/** @returns the reason; undefined when it succeeds. */
function failureOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(() => undefined, messageOf);
}

test("a workload serves all requests and counts them, in several processes and VMAs", async () => {
  const run = await runBeside(UNTOUCHED, settings("zipf:0.99", 3, 4), surroundings());
  if ("notThere" in run) throw new Error(run.notThere);
  expect(run.comparedPages).toBe(3 * PAGES);
  expect(run.windows.map((window) => window.requests)).toEqual([600, 1200]);
  const [first, second] = run.windows;
  for (const name of ["wall_ns", "cpu_ns", "minor_faults", "major_faults"] as const) {
    expect(second![name]).toBeGreaterThanOrEqual(first![name]);
  }
  expect(first!.cpu_ns).toBeGreaterThan(0);
  // The last request of a window is due 5 ms before its end.
  expect(first!.wall_ns).toBeGreaterThanOrEqual(995e6);
  for (const window of run.windows) {
    expect(window.latencies.reduce((sum, [, , count]) => sum + count, 0)).toBe(600);
    const [, highest] = window.latencies.at(-1)!;
    expect(window.longest_ns).toBeLessThanOrEqual(highest);
    expect(window.longest_ns).toBeGreaterThanOrEqual(window.latencies.at(-1)![0]);
  }
  expect(lastWindows(run.windows, 1).requests).toBe(600);
});

test("a request that finds a wrong value ends the workload", async () => {
  using target = await WorkloadTarget.start(settings("first:300"));
  spoil(target, 0, 1);
  target.go();
  expect(await failureOf(target.windows())).toContain(
    "the workload ended by status 1: workload: page 0, word 1: 0xbad instead of 0x1",
  );
});

test("a workload that is killed is no result", async () => {
  using target = await WorkloadTarget.start(settings("first:300"));
  target.go();
  process.kill(target.pids[0]!, "SIGTERM");
  expect(await failureOf(target.windows())).toContain("the workload ended by SIGTERM");
});

test("a wrong value where no request looks is found at the end", async () => {
  using target = await WorkloadTarget.start(settings("first:300"));
  spoil(target, PAGES - 1, 511);
  target.go();
  expect(await target.windows()).toHaveLength(2);
  expect(await failureOf(target.compare())).toContain(`page ${PAGES - 1}, word 511: 0xbad instead`);
});

test("folderOfBuild() gives a build the names of its programs", () => {
  const bin = folderOfBuild(executable, folder.path);
  for (const name of ["etmem", "etmemd"]) expect(realpathSync(join(bin, name))).toBe(executable);
});

test("runBeside() leaves DAMON and the LRU of this machine alone", async () => {
  const peers = PEERS.filter(({ vmOnly }) => vmOnly === true);
  expect(peers.map(({ name }) => name)).toContain("damon-3s");
  for (const peer of peers) {
    expect(await runBeside(peer, settings("first:300"), surroundings())).toMatchObject({
      notThere: "it is for the test VM only",
    });
  }
});

test("runBeside() says why a peer is not there", async () => {
  const peer: Peer = {
    ...UNTOUCHED,
    name: "absent",
    attach: () => Promise.reject(new NotThere("it is absent")),
  };
  expect(await runBeside(peer, settings("first:300"), surroundings())).toEqual({
    workload: "small",
    peer: "absent",
    notThere: "it is absent",
  });
});
