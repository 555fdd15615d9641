import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PROCESS_MADVISE } from "../../src/mover/mover_process_madvise.ts";
import type { RoundStatus } from "../../src/status/round_status.ts";
import { type Fault, FaultInjector } from "../tools/fixtures/fault_injector.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { messageOf } from "../unit/engine/slide/slide_trial.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { expectAccount, processMemory, slideFile, SlideServer } from "./slide_server.ts";

// One server, and for each fault a project with a process of its own, of whose files that one read,
// or open, or write goes wrong, all at the same time: what goes wrong at one process is nothing to
// the others.

const MIB = 2 ** 20;
const SIZE = 4 * MIB;
/**
 * What waits in a CPU's batch for the LRU lists, 31 pages at most (PAGEVEC_SIZE),
 * cannot be reclaimed.
 */
const MOST = SIZE - 32 * 4096;

const swap = TemporarySwap.make(192 * MIB);
// Here, not where all may be left out, in which case bun calls nothing.
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing() ?? FaultInjector.missing();
if (missing !== undefined) console.log(`faults while a server works: left out: ${missing}`);

/** A fault of a process's files, and what its first round must come to. */
interface Case {
  readonly fault: (pid: number) => Fault;
  /** The process is left alone for this reason, and one error is counted; nothing is asked for. */
  readonly skipped?: RegExp;
  /** The process is worked on all the same; this is counted as an error too. */
  readonly noted?: RegExp;
  /** The move breaks off, and this is why the rest stays. */
  readonly brokenOff?: RegExp;
  /** The round must be as if nothing had happened. */
  readonly healthy?: true;
  /** The fault is about a process that the task has nothing to do with, whose name is looked at. */
  readonly byName?: true;
}

const CASES: Readonly<Record<string, Case>> = {
  none: { fault: (pid) => `read */${pid}/nothing EIO`, healthy: true },
  stat_eio: { fault: (pid) => `read */${pid}/stat EIO`, skipped: /^read "PID\/stat": EIO$/ },
  stat_short: { fault: (pid) => `read */${pid}/stat short:9`, healthy: true },
  status_eio: {
    fault: (pid) => `read */${pid}/status EIO`,
    noted: /^read "PID\/status": EIO$/,
  },
  children_eio: { fault: (pid) => `read */${pid}/task/*/children EIO`, noted: /children": EIO$/ },
  comm_of_another: { fault: (pid) => `read */${pid}/comm EIO`, noted: /comm": EIO$/, byName: true },
  smaps_eio: { fault: (pid) => `read */${pid}/smaps EIO`, skipped: /^read "smaps": EIO$/ },
  smaps_enomem: {
    fault: (pid) => `read */${pid}/smaps ENOMEM 1`,
    skipped: /^read "smaps": ENOMEM$/,
  },
  smaps_short: { fault: (pid) => `read */${pid}/smaps short:100`, healthy: true },
  smaps_eintr: { fault: (pid) => `read */${pid}/smaps EINTR 0 5`, healthy: true },
  clear_refs_eio: {
    fault: (pid) => `write */${pid}/clear_refs EIO`,
    skipped: /^write "clear_refs": EIO$/,
  },
  clear_refs_eperm: {
    fault: (pid) => `openat */${pid}/clear_refs EPERM`,
    skipped: /"clear_refs": EPERM$/,
  },
  maps_eio: { fault: (pid) => `read */${pid}/maps EIO`, skipped: /^read "maps": EIO$/ },
  maps_short: { fault: (pid) => `read */${pid}/maps short:100`, healthy: true },
  pagemap_emfile: {
    fault: (pid) => `openat */${pid}/pagemap EMFILE`,
    skipped: /^openat "pagemap": EMFILE$/,
  },
  pagemap_eio: {
    fault: (pid) => `pread64 */${pid}/pagemap EIO`,
    skipped: /^pread "pagemap": EIO$/,
  },
  pagemap_short: { fault: (pid) => `pread64 */${pid}/pagemap short:64`, healthy: true },
  pagemap_eintr: { fault: (pid) => `pread64 */${pid}/pagemap EINTR 0 9`, healthy: true },
  // In the first batch of pages and in a later one;
  // in which read of it depends on how many mappings there are.
  move_eio_early: {
    fault: (pid) => `pread64 */${pid}/pagemap EIO 9`,
    brokenOff: /pread "pagemap": EIO$/,
  },
  move_eio_late: {
    fault: (pid) => `pread64 */${pid}/pagemap EIO 12`,
    brokenOff: /pread "pagemap": EIO$/,
  },
};

const CALLS = "openat read pread64 write process_madvise ioctl".split(" ");

/** No PAGEMAP_SCAN, as before Linux 6.7: all is read, so that there is something to fail. */
const OLD_KERNEL = "ioctl */pagemap ENOTTY";

interface Trial extends Case {
  readonly project: string;
  readonly target: TargetProcess;
  /** Whose files the fault is about. */
  readonly about: number;
}

function fileOf({ project, target, byName }: Trial): string {
  return slideFile(project, byName ? { comm: project } : { pid: target.pid });
}

describe.skipIf(missing !== undefined)("a server, when something fails at one process", () => {
  /** What goes at the end, however far the beginning has come. */
  const atTheEnd = new AsyncDisposableStack();
  const trials: Trial[] = [];
  /** The first round of each, and what was in swap then. */
  const rounds = new Map<string, RoundStatus>();
  const swapped = new Map<string, number>();
  let injector: FaultInjector;
  let server: SlideServer;

  beforeAll(async () => {
    injector = new FaultInjector(atTheEnd.use(new ScratchFolder()).path, CALLS);
    const bystander = Bun.spawn(["sleep", "1000"]);
    atTheEnd.defer(() => bystander.kill());
    server = atTheEnd.use(await SlideServer.launch({ through: injector.wrapper }));
    for (const [project, one] of Object.entries(CASES)) {
      const options = { sizeBytes: SIZE, hot: "none", name: project } as const;
      const target = atTheEnd.use(await TargetProcess.start(options));
      trials.push({ ...one, project, target, about: one.byName ? bystander.pid : target.pid });
    }
    injector.set(...trials.map(({ fault, about }) => fault(about)), OLD_KERNEL);
    for (const trial of trials) {
      // Before the second round the first has to be seen, and what is in swap then, by a busy
      // machine too.
      await server.add(trial.project, fileOf(trial).replace("sleep=1", "sleep=3"));
    }
    await waitFor("the first rounds to be over", async () => {
      const { projects } = await server.status();
      for (const { project, target } of trials) {
        const task = projects.find(({ name }) => name === project)?.engines[0]?.tasks[0];
        const round = task?.rounds.find(({ number, state }) => number === 1 && state === "done");
        if (round === undefined || rounds.has(project)) continue;
        rounds.set(project, round);
        swapped.set(project, processMemory(target.pid, "VmSwap"));
      }
      return rounds.size === trials.length;
    });
  }, 300_000);

  afterAll(() => atTheEnd.disposeAsync());

  const trialOf = (project: string): readonly [Trial, RoundStatus] => {
    const trial = trials.find((one) => one.project === project);
    const round = rounds.get(project);
    if (trial === undefined || round === undefined) throw new Error(`no trial ${project}`);
    return [trial, round];
  };

  for (const [project, { skipped, noted, brokenOff, healthy }] of Object.entries(CASES)) {
    test(`gives a true account of ${project}`, () => {
      const [{ about }, round] = trialOf(project);
      expectAccount(round);
      if (skipped !== undefined) {
        expect(round).toMatchObject({ scan_errors: 1, asked_bytes: 0, moved_bytes: 0 });
        expect(round.skipped).toEqual([
          { reason: expect.stringMatching(skipped), processes: 1, pids: [about] },
        ]);
      }
      if (noted !== undefined) {
        expect(round.skipped).toEqual([
          { reason: expect.stringMatching(noted), processes: 1, pids: [about] },
        ]);
        // The scan may read the same file for the account.
        expect([1, 2]).toContain(round.scan_errors);
      }
      if (healthy) expect(round).toMatchObject({ scan_errors: 0, skipped: [] });
      if (noted !== undefined || healthy) {
        expect(round.moved_bytes).toBeGreaterThanOrEqual(MOST);
      }
      if (brokenOff !== undefined) {
        expect(round.scan_errors).toBe(1);
        const rest = [...round.spared, ...round.refused].filter(({ reason }) => {
          return brokenOff.test(reason);
        });
        expect(rest.length).toBeGreaterThan(0);
        expect(round.moved_bytes).toBeLessThan(SIZE);
        // A part had gone by then, and that part is in the account.
        if (project === "move_eio_late") expect(round.moved_bytes).toBeGreaterThan(0);
      }
    });
  }

  test("says of no memory that it moved when it did not, nor the other way round", () => {
    for (const { project } of trials) {
      const round = rounds.get(project)!;
      const unknown = round.refused.filter(({ reason }) => reason.startsWith("not known"));
      const mayBeMore = unknown.reduce((sum, { bytes }) => sum + bytes, 0);
      const inSwap = swapped.get(project)!;
      expect(inSwap).toBeGreaterThanOrEqual(round.moved_bytes);
      expect(`${project} ${inSwap - round.moved_bytes <= mayBeMore}`).toBe(`${project} true`);
    }
  });

  test("moves what it left alone, once nothing fails any more", async () => {
    // Each of them has happened.
    for (const { project, about } of trials) {
      if (project === "none") continue;
      const own = new RegExp(`/proc/${about}/`);
      expect(`${project} ${injector.log.some((line) => own.test(line))}`).toBe(`${project} true`);
    }
    injector.clear();
    for (const { project, target } of trials) {
      await waitFor(`the memory of ${project} to go`, () => {
        return processMemory(target.pid, "VmSwap") >= MOST;
      }, { firstPauseMs: 50 });
    }
  });

  test("accounts for a mover that fails, and goes on when it works again", async () => {
    // From here on it does not matter which round is seen.
    for (const trial of trials) await server.replace(trial.project, fileOf(trial));
    injector.set("process_madvise * EPERM");
    // What comes back now cannot go again.
    for (const { target } of trials) expect(await target.target.verify()).toBe(0);
    const waits = trials.map(({ project }) =>
      server.untilRound(project, "in which all is refused", ({ state, asked_bytes, refused }) => {
        return state === "done" && asked_bytes >= MOST &&
          refused.some(({ reason }) => reason === "EPERM");
      })
    );
    for (const round of await Promise.all(waits)) {
      expectAccount(round);
      expect(round.moved_bytes).toBe(0);
    }
    for (const { target } of trials) {
      expect(processMemory(target.pid, "VmSwap")).toBeLessThan(SIZE / 16);
    }
    injector.clear();
    for (const { project, target } of trials) {
      await waitFor(`the memory of ${project} to go`, () => {
        return processMemory(target.pid, "VmSwap") >= MOST;
      }, { firstPauseMs: 50 });
    }
  });

  test("keeps answering when it cannot know how much memory there is", async () => {
    injector.set("read */meminfo EIO");
    expect(await messageOf(server.status())).toContain("/proc/meminfo");
    const asked = (): number =>
      injector.log.filter((line) => {
        return line.endsWith("/meminfo EIO") && !line.startsWith(`${server.pid} `);
      }).length;
    // So that there is something to move; the first to ask may be in the middle of its move.
    for (const { target } of trials) expect(await target.target.verify()).toBe(0);
    const before = asked();
    // A round asks several times for each process, and holds back only where it would move.
    await waitFor("workers to ask for it too", () => asked() >= before + 8 * trials.length, {
      firstPauseMs: 50,
    });
    injector.clear();
    const held = await waitFor("a round that was held back", async () => {
      const { projects } = await server.status();
      const all = projects.flatMap(({ engines }) => engines[0]?.tasks[0]?.rounds ?? []);
      return all.find(({ state, asked_bytes, spared }) => {
        return state === "done" && asked_bytes === 0 &&
          spared.some(({ reason }) => reason === 'read "/proc/meminfo": EIO');
      });
    }, { firstPauseMs: 50 });
    expectAccount(held);
    expect(held.scan_errors).toBeGreaterThanOrEqual(1);
  });

  test("leaves nothing open, and the contents as they were", async () => {
    for (const { project } of trials) await server.stop(project);
    expect(server.processDescriptors()).toBe(0);
    for (const { target } of trials) expect(await target.target.verify()).toBe(0);
  });
});
