import { describe, expect, test } from "bun:test";
import { noFigures } from "../../../src/status/round_figures.ts";
import { noPhases } from "../../../src/status/round_phases.ts";
import type { RoundStatus } from "../../../src/status/round_status.ts";
import { noTotal } from "../../../src/status/task_status.ts";
import {
  type MachineAccount,
  machineFaults,
  type ProcessAccount,
  processFaults,
} from "./judge_accounts.ts";
import { descriptorFaults } from "./judge_descriptors.ts";
import {
  GROWTH_LIMIT_BYTES,
  growthFaults,
  quarterHighs,
  RESTING_LIMIT_BYTES,
  restingFaults,
  type Sample,
} from "./judge_growth.ts";
import { runFaults, type TaskRecord } from "./judge_run.ts";

const MIB = 2 ** 20;
const BEGIN = Date.parse("2026-01-01T00:00:00Z");

/** An hour of a server that takes up to 70 MiB, and loses so much a second besides. */
function hour(leakBytes: number): Sample[] {
  return Array.from({ length: 3600 }, (_, second) => ({
    atMs: BEGIN + second * 1000,
    bytes: 60 * MIB + ((second * 7919) % 10) * MIB + second * leakBytes,
  }));
}

describe("growthFaults()", () => {
  test("finds none in a server that goes up and down", () => {
    expect(growthFaults(hour(0))).toEqual([]);
    expect(quarterHighs(hour(0))).toEqual([69 * MIB, 69 * MIB, 69 * MIB, 69 * MIB]);
  });

  test("finds none below the limit, and one above", () => {
    const seconds = 1800; // from the end of the second quarter to the end of the last
    expect(growthFaults(hour(GROWTH_LIMIT_BYTES / seconds - 100))).toEqual([]);
    expect(growthFaults(hour(GROWTH_LIMIT_BYTES / seconds + 100))).toHaveLength(1);
  });

  test("finds one in a server that keeps 4 KiB a second", () => {
    expect(growthFaults(hour(4096))).toEqual([expect.stringContaining("more than in the second")]);
  });

  test("does not count what the first quarter takes", () => {
    const samples = hour(0);
    samples[100] = { atMs: BEGIN + 100_000, bytes: 500 * MIB };
    expect(growthFaults(samples)).toEqual([]);
  });

  test("does not judge a server that is warming up", () => {
    expect(growthFaults(hour(MIB).slice(0, 600))).toEqual([]);
    expect(growthFaults(hour(MIB).slice(0, 601))).toHaveLength(1);
  });

  test("finds one when nothing was measured", () => {
    expect(growthFaults([])).toHaveLength(1);
    expect(growthFaults(hour(0).slice(0, 1))).toHaveLength(1);
  });
});

test("restingFaults() finds a server that keeps more than it has at rest", () => {
  expect(restingFaults(RESTING_LIMIT_BYTES)).toEqual([]);
  expect(restingFaults(RESTING_LIMIT_BYTES + 1)).toHaveLength(1);
  expect(restingFaults(Number.NaN)).toHaveLength(1);
});

describe("descriptorFaults()", () => {
  test("finds what is open and was not, in whatever order", () => {
    expect(descriptorFaults(["socket", "pipe"], ["pipe", "socket"])).toEqual([]);
    expect(descriptorFaults(["socket", "pipe"], ["pipe"])).toEqual([]);
    expect(descriptorFaults(["socket"], ["socket", "socket", "/proc/PID/pagemap"])).toEqual([
      "1 more of socket",
      "1 more of /proc/PID/pagemap",
    ]);
  });
});

function round(number: number, startMs: number, change: Partial<RoundStatus> = {}): RoundStatus {
  return {
    number,
    state: "done",
    started_at: new Date(BEGIN + startMs).toISOString(),
    age_us: 0,
    duration_us: 2_100_000,
    processes: 3,
    skipped: [],
    ...noFigures(),
    scanned_bytes: 30 * MIB,
    present_bytes: 10 * MIB,
    hot_bytes: 6 * MIB,
    cold_bytes: 4 * MIB,
    spared: [{ reason: "gone before its turn", bytes: MIB }],
    asked_bytes: 3 * MIB,
    moved_bytes: 2 * MIB,
    refused: [{ reason: "shared", bytes: MIB }],
    came_back_bytes: MIB,
    phases: { ...noPhases(), scan_us: 100, move_us: 200 },
    cpu_us: 300,
    ...change,
  };
}

/** Three rounds of 3 scans 1 s apart, then 1 s pause. */
function record(change: Partial<TaskRecord> = {}): TaskRecord {
  return {
    label: "p t",
    loop: 3,
    intervalMs: 1000,
    sleepMs: 1000,
    othersMs: 0,
    rounds: [round(1, 0), round(2, 3100), round(3, 6200, { state: "stopped", duration_us: 5000 })],
    pausesMs: new Map([[2, 1000], [3, 1000]]),
    isEnded: true,
    total: {
      ...noTotal(),
      rounds: 2,
      asked_bytes: 9 * MIB,
      moved_bytes: 6 * MIB,
      came_back_bytes: 3 * MIB,
    },
    ...change,
  };
}

describe("runFaults()", () => {
  const idle = (): number => 0;

  test("finds none in a sound run, nor in one that still runs", () => {
    expect(runFaults(record(), idle)).toEqual([]);
    const rounds = record().rounds.with(2, round(3, 6200, { state: "running" }));
    const total = {
      ...noTotal(),
      rounds: 2,
      asked_bytes: 6 * MIB,
      moved_bytes: 4 * MIB,
      came_back_bytes: 2 * MIB,
    };
    expect(runFaults(record({ rounds, total, isEnded: false }), idle)).toEqual([]);
    expect(runFaults(record({ rounds, total }), idle)).toEqual([
      expect.stringContaining("it still runs"),
    ]);
  });

  const planted: [RegExp, number, Partial<RoundStatus>][] = [
    [/it is the one after round 1/, 1, { number: 3 }],
    [/it is stopped/, 1, { state: "stopped" }],
    [/cold \d+, but/, 0, { spared: [] }],
    [/asked \d+, but/, 0, { refused: [{ reason: "shared", bytes: MIB - 4096 }] }],
    [/present \d+, but/, 0, { hot_bytes: 5 * MIB }],
    [/1 scan errors/, 0, { scan_errors: 1 }],
    [/total asked_bytes/, 2, { asked_bytes: 2 * MIB, cold_bytes: 3 * MIB, hot_bytes: 7 * MIB }],
    [/total came_back_bytes/, 2, { came_back_bytes: 0 }],
    [/less than 1995/, 1, {
      duration_us: 1_500_000,
      started_at: new Date(BEGIN + 3100).toISOString(),
    }],
    [/more than/, 1, { duration_us: 4_600_000 }],
  ];
  for (const [fault, index, change] of planted) {
    test(`finds "${fault.source}" when a round is ${JSON.stringify(change)}`, () => {
      const rounds = record().rounds.with(index, { ...record().rounds[index]!, ...change });
      expect(runFaults(record({ rounds }), idle).join("\n")).toMatch(fault);
    });
  }

  test("finds a round that begins too early, too late, or unseen", () => {
    const pauses: [RegExp, number[]][] = [
      [/round 2: it began 894 ms after/, [894, 1000]],
      [/round 3: it began 1501 ms after/, [1000, 1501]],
      [/round 3: it was not seen/, [1000]],
    ];
    for (const [fault, list] of pauses) {
      const pausesMs = new Map(list.map((ms, i) => [i + 2, ms] as const));
      expect(runFaults(record({ pausesMs }), idle)).toEqual([expect.stringMatching(fault)]);
    }
  });

  test("takes what the server computed or waited for, and turns of others, as a reason to be late", () => {
    const late = record({ rounds: [round(1, 0, { duration_us: 5_000_000 })] });
    const total = {
      ...noTotal(),
      rounds: 1,
      asked_bytes: 3 * MIB,
      moved_bytes: 2 * MIB,
      came_back_bytes: MIB,
    };
    expect(runFaults({ ...late, total }, idle)).toHaveLength(1);
    expect(runFaults({ ...late, total, othersMs: 1000 }, idle)).toEqual([]);
    expect(runFaults({ ...late, total }, (from, to) => (to - from) / 5)).toEqual([]);
  });

  test("finds more that came back than moved", () => {
    const rounds = [round(1, 0, { came_back_bytes: 3 * MIB })];
    const total = {
      ...noTotal(),
      rounds: 1,
      asked_bytes: 3 * MIB,
      moved_bytes: 2 * MIB,
      came_back_bytes: 3 * MIB,
    };
    expect(runFaults(record({ rounds, total }), idle)).toHaveLength(1);
  });
});

describe("processFaults()", () => {
  const sound: ProcessAccount = {
    pid: 7,
    movedBytes: 10 * MIB,
    cameBackBytes: 3 * MIB,
    swapBytes: 6 * MIB,
    faults: 1016,
    rounds: 1,
  };
  const planted: [RegExp, Partial<ProcessAccount>][] = [
    [/are in swap, of/, { swapBytes: 7 * MIB + 4096 }],
    [/only .* can have come back/, { faults: 1015 }],
    [/only .* can have come back/, { rounds: 0 }],
    [/came back by faults/, {
      movedBytes: 20 * MIB,
      cameBackBytes: 5 * MIB,
      swapBytes: 15 * MIB + 1,
    }],
  ];

  test("finds none when what moved is in swap or came back by a fault", () => {
    expect(processFaults(sound, 4096)).toEqual([]);
  });
  for (const [fault, change] of planted) {
    test(`finds "${fault.source}" when ${JSON.stringify(change)}`, () => {
      expect(processFaults({ ...sound, ...change }, 4096).join("\n")).toMatch(fault);
    });
  }
});

describe("machineFaults()", () => {
  const sound: MachineAccount = {
    askedBytes: 12 * MIB,
    movedBytes: 10 * MIB,
    cameBackBytes: 3 * MIB,
    unseenBytes: MIB,
    swappedOutBytes: 12 * MIB,
    swappedInBytes: 4 * MIB,
    isAlone: true,
  };
  const planted: [RegExp, Partial<MachineAccount>][] = [
    [/bytes moved/, { movedBytes: 12 * MIB + 4096 }],
    [/bytes came back/, { cameBackBytes: 4 * MIB + 4096 }],
    [/unseen/, { swappedOutBytes: 13 * MIB + 4096 }],
  ];

  test("finds none when the kernel swapped what tasks asked for", () => {
    expect(machineFaults(sound)).toEqual([]);
    expect(machineFaults({ ...sound, swappedOutBytes: 99 * MIB, isAlone: false })).toEqual([]);
  });
  for (const [fault, change] of planted) {
    test(`finds "${fault.source}" when ${JSON.stringify(change)}`, () => {
      expect(machineFaults({ ...sound, ...change }).join("\n")).toMatch(fault);
    });
  }
});
