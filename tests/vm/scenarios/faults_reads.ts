import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { TaskStatus } from "../../../src/status/task_status.ts";
import { type Fault, FaultInjector } from "../../tools/fixtures/fault_injector.ts";
import type { Target } from "../../tools/fixtures/target.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { bytesFor, demandAccounts } from "../guest/account.ts";
import { demand, note } from "../guest/demand.ts";
import { BIN, isAlive, processMemory, setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { type Groups, Server } from "../guest/server.ts";
import { MIB, roundOf, startTarget } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 4 * MIB;
const CALLS = ["openat", "read", "pread64", "pwrite64", "write", "lseek", "move_pages"] as const;

/**
 * A fault of the files of a process, and what is wrong with the round of a task on that process.
 */
interface Case {
  readonly tracker: "idle_pages" | "page_idle";
  readonly mover: "swap_pages" | "process_madvise";
  readonly fault: (pid: number) => Fault;
  readonly faultsOf: (round: RoundStatus) => string[];
}

/** Nothing is lost of the work: all goes, without an error. */
function healthy(round: RoundStatus): string[] {
  return [
    ...(round.moved_bytes < SIZE * 0.98 ? [`only ${round.moved_bytes} bytes moved`] : []),
    ...(round.scan_errors > 0 ? [`${round.scan_errors} errors`] : []),
  ];
}

/** The process is left alone for a reason. */
function leftAlone(reason: RegExp): (round: RoundStatus) => string[] {
  return (round) => [
    ...(round.asked_bytes > 0 ? [`${round.asked_bytes} bytes were asked`] : []),
    ...(round.scan_errors === 0 ? ["no error is counted"] : []),
    ...(round.skipped.some((entry) => reason.test(entry.reason)) ? [] : ["the reason is not told"]),
  ];
}

/** What could not be looked at counts as used. */
function used(round: RoundStatus): string[] {
  return [
    ...(round.asked_bytes > SIZE / 4 ? [`${round.asked_bytes} bytes were asked`] : []),
    ...(round.scan_errors === 0 ? ["no error is counted"] : []),
  ];
}

/** The move breaks off for a reason. */
function brokenOff(reason: RegExp): (round: RoundStatus) => string[] {
  return (round) => {
    const told = bytesFor(round.refused, reason) + bytesFor(round.spared, reason);
    return [
      ...(told + round.moved_bytes < SIZE * 0.98 ? [`the reason is told of ${told} bytes`] : []),
      ...(told === 0 ? ["the reason is not told"] : []),
      ...(round.scan_errors === 1 ? [] : [`${round.scan_errors} errors are counted`]),
    ];
  };
}

const IDLE = { tracker: "idle_pages", mover: "swap_pages" } as const;
const PAGE = { tracker: "page_idle", mover: "process_madvise" } as const;

const CASES: Readonly<Record<string, Case>> = {
  idle_none: { ...IDLE, fault: (pid) => `read */${pid}/nothing EIO`, faultsOf: healthy },
  idle_eio: { ...IDLE, fault: (pid) => `read */${pid}/idle_pages EIO`, faultsOf: used },
  // In the scan that counts: one range of several cannot be looked at.
  idle_eio_once: {
    ...IDLE,
    fault: (pid) => `read */${pid}/idle_pages EIO 7 1`,
    faultsOf: ({ scan_errors: errors }) => errors === 1 ? [] : [`${errors} errors are counted`],
  },
  idle_short: { ...IDLE, fault: (pid) => `read */${pid}/idle_pages short:40`, faultsOf: healthy },
  idle_eintr: { ...IDLE, fault: (pid) => `read */${pid}/idle_pages EINTR 0 5`, faultsOf: healthy },
  idle_enodev: {
    ...IDLE,
    fault: (pid) => `openat */${pid}/idle_pages ENODEV`,
    faultsOf: leftAlone(/^openat "idle_pages": ENODEV$/),
  },
  idle_seek: {
    ...IDLE,
    fault: (pid) => `lseek */${pid}/idle_pages EIO`,
    faultsOf: leftAlone(/^lseek .*: EIO$/),
  },
  swap_enodev: {
    ...IDLE,
    fault: (pid) => `openat */${pid}/swap_pages ENODEV`,
    faultsOf: leftAlone(/^openat "swap_pages": ENODEV$/),
  },
  swap_enomem: {
    ...IDLE,
    fault: (pid) => `write */${pid}/swap_pages ENOMEM 1`,
    faultsOf: brokenOff(/^write "swap_pages": ENOMEM$/),
  },
  swap_eintr: { ...IDLE, fault: (pid) => `write */${pid}/swap_pages EINTR 0 5`, faultsOf: healthy },
  page_none: { ...PAGE, fault: (pid) => `read */${pid}/nothing EIO`, faultsOf: healthy },
  page_eio: {
    ...PAGE,
    fault: (pid) => `pread64 */${pid}/pagemap EIO`,
    faultsOf: leftAlone(/^pread "pagemap": EIO$/),
  },
  page_short: { ...PAGE, fault: (pid) => `pread64 */${pid}/pagemap short:4096`, faultsOf: healthy },
};

/** Files of the whole machine that page_idle reads and writes; each fault is nobody's own. */
const SHARED: readonly (readonly [fault: Fault, reason: RegExp])[] = [
  ["pread64 */page_idle/bitmap EIO", /^pread "page_idle\/bitmap": EIO$/],
  ["pwrite64 */page_idle/bitmap EIO", /^pwrite "page_idle\/bitmap": EIO$/],
  ["openat */kpageflags ENOMEM", /^openat "\/proc\/kpageflags": ENOMEM$/],
];

/** Whose rounds are waited for again and again. */
const OFTEN = "page_none";

/**
 * One project for all cases of a tracker, a task each.
 * Those of idle_pages leave the machine to the others.
 */
function projectOf(tracker: Case["tracker"], targets: ReadonlyMap<string, Target>): Groups {
  const cases = Object.entries(CASES).filter(([, one]) => one.tracker === tracker);
  const mover = cases[0]?.[1].mover ?? "swap_pages";
  const sleep = tracker === "idle_pages" ? 5 : 1;
  return [
    ["project", { name: tracker, loop: 1, interval: 1, sleep, tracker, mover }],
    ["engine", { name: "slide", project: tracker }],
    ...cases.map(([name]) =>
      ["task", {
        project: tracker,
        engine: "slide",
        name,
        type: "pid",
        value: targets.get(name)!.pid,
        T: 1,
        stall_limit: "no",
      }] as const
    ),
  ];
}

function cslideOf(name: string, pid: number): Groups {
  return [
    ["project", { name, loop: 1, interval: 1, sleep: 1 }],
    ["engine", {
      name: "cslide",
      project: name,
      node_pair: "2,0;3,1",
      hot_threshold: 1,
      node_mig_quota: 1024,
      node_hot_reserve: 0,
    }],
    ["task", { project: name, engine: "cslide", name, type: "pid", value: pid }],
  ];
}

const CSLIDE = "nodes";
/**
 * What a round of cslide reads and calls; each fails the round,
 * and the next one is as if it had not.
 */
const CSLIDE_FAULTS: readonly Fault[] = [
  "read */zoneinfo EIO",
  "read */node2/meminfo EIO",
  "move_pages * ENODEV",
];

/**
 * Every file that rounds read or write fails at one process, or for all, under each tracker,
 * each mover, and cslide.
 */
export const faultsReads: Scenario = {
  name: "faults_reads",
  deadlineSeconds: 400,
  async run() {
    swapOnZram(256);
    setKernelSwap(false);
    const injector = new FaultInjector("/tmp", CALLS, `${BIN}/fault_injector`);
    const server = await Server.start(injector.wrapper);
    const targets = new Map<string, Target>();
    const names = Object.keys(CASES);
    const started = await Promise.all(names.map(() => startTarget({ sizeBytes: SIZE })));
    for (const [i, name] of names.entries()) targets.set(name, started[i]!);
    for (const tracker of ["idle_pages", "page_idle"] as const) {
      await server.add(projectOf(tracker, targets));
    }
    const moving = await startTarget({ sizeBytes: SIZE, hot: "every:2" });
    targets.set(CSLIDE, moving);
    await server.add(cslideOf(CSLIDE, moving.pid));

    injector.set(
      ...Object.entries(CASES).map(([name, { fault }]) => fault(targets.get(name)!.pid)),
    );
    for (const project of ["idle_pages", "page_idle", CSLIDE]) {
      await server.etmem("project", "start", "-n", project);
    }
    const faults: string[] = [];
    // Those of page_idle first: status keeps 16 rounds, and theirs are short.
    for (const [name, { faultsOf }] of Object.entries(CASES).reverse()) {
      const task = await server.untilRounds(name, 1);
      demandAccounts(task);
      const round = roundOf(task, 1);
      const found = faultsOf(round);
      if (found.length > 0) note({ name, round });
      faults.push(...found.map((fault) => `${name}: ${fault}`));
      if (name.endsWith("_none")) continue;
      const own = `/${targets.get(name)!.pid}/`;
      if (!injector.log.some((line) => line.includes(own))) {
        faults.push(`${name}: it did not happen`);
      }
    }
    demand(faults.length === 0, faults.join("; "));

    const newest = async (name: string): Promise<number> =>
      (await server.task(name)).rounds[0]?.number ?? 0;
    for (const [fault, reason] of SHARED) {
      injector.set(fault);
      const from = await newest(OFTEN) + 1;
      const round = roundOf(await server.untilRounds(OFTEN, from), from);
      demand(
        leftAlone(reason)(round).length === 0,
        `${fault}: ${leftAlone(reason)(round).join("; ")}`,
      );
    }
    for (const fault of CSLIDE_FAULTS) {
      injector.set(fault);
      const failed = await waitFor(`cslide to notice "${fault}"`, async () => {
        const task: TaskStatus = await server.task(CSLIDE);
        return task.failed ?? (task.rounds.some(({ state, scan_errors: errors }) => {
          return state === "done" && errors > 0;
        }) && "errors");
      });
      note({ fault, failed });
      injector.clear();
      await waitFor("cslide to go on", async () => {
        return (await server.task(CSLIDE)).failed === undefined;
      });
    }
    injector.clear();
    for (const [name, target] of targets) {
      if (name !== CSLIDE) {
        await waitFor(`the memory of ${name} to go`, () => {
          return processMemory(target.pid, "VmSwap") >= SIZE * 0.9;
        });
        demandAccounts(await server.task(name));
      }
      const bad = await target.verify();
      demand(bad === 0, `the contents of ${bad} pages of ${name} are wrong`);
    }
    demand(isAlive(server.pid), "the server is gone");
  },
};
