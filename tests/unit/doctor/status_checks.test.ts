import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Finding } from "../../../src/doctor/finding.ts";
import type { AskedServer, Patient, RunningServer } from "../../../src/doctor/patient.ts";
import type { ProjectStatus } from "../../../src/status/project_status.ts";
import { noFigures } from "../../../src/status/round_figures.ts";
import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { Availability, ServerStatus } from "../../../src/status/server_status.ts";
import { noTotal, type TaskStatus } from "../../../src/status/task_status.ts";
import { SAMPLE_ROUND, SAMPLE_STATUS } from "../cli/sample_status.ts";
import { FakeMachine, findingsOf } from "./patient_with.ts";

const MIB = 2 ** 20;
const SOCKET = "etmemd_socket";
const TASK = 'project "web", task "t"';

/** A round in which nothing stood in the way. */
const CLEAN: RoundStatus = { ...SAMPLE_ROUND, ...noFigures(), skipped: [], processes: 1 };

function projectOf(task: Partial<TaskStatus>, changes: Partial<ProjectStatus> = {}): ProjectStatus {
  const all: TaskStatus = {
    name: "t",
    engine: "slide",
    type: "name",
    value: "app",
    started: true,
    tracker: "page_table",
    mover: "process_madvise",
    total: noTotal(),
    rounds: [CLEAN],
    ...task,
  };
  return {
    name: "web",
    started: true,
    persistent: true,
    loop: 3,
    interval_us: 60_000_000,
    sleep_us: 1_000_000,
    tracker: "auto",
    mover: "auto",
    engines: [{ name: "slide", kind: "slide", tasks: [all] }],
    ...changes,
  };
}

const RUNNING: RunningServer[] = [{ pid: 4711, socket: SOCKET }];

function answering(changes: Partial<ServerStatus>): Pick<Patient, "asked" | "running"> {
  const answer: AskedServer = {
    socket: SOCKET,
    answer: { status: { ...SAMPLE_STATUS, ...changes } },
  };
  return { asked: [answer], running: RUNNING };
}

/** What the doctor finds of something, by what a server answers. */
async function findings(about: string, changes: Partial<ServerStatus>): Promise<Finding[]> {
  using machine = new FakeMachine();
  return await findingsOf(machine.patient(answering(changes)), about);
}

/** What it finds of a task, by its last round. */
function ofRound(round: Partial<RoundStatus>, task: Partial<TaskStatus> = {}): Promise<Finding[]> {
  const rounds = [{ ...CLEAN, ...round }];
  return findings(TASK, { projects: [projectOf({ rounds, ...task })] });
}

const THERE = (name: string): Availability => ({ name, available: true });
const LACKS = (name: string, reason: string): Availability => ({ name, available: false, reason });

describe("examine() on trackers and movers of a server", () => {
  test("finds nothing wrong with those that are there, best or not", async () => {
    const trackers = [LACKS("idle_pages", "this kernel has no /proc/PID/idle_pages")].concat(
      THERE("page_table"),
    );
    expect(await findings("tracker idle_pages", { trackers })).toEqual([]);
    expect(await findings("trackers", { trackers })).toEqual([]);
  });

  test("notes a better one that a command would bring", async () => {
    const trackers = [
      LACKS("idle_pages", "the module etmem_scan is not loaded: modprobe etmem_scan"),
      THERE("page_table"),
    ];
    expect(await findings("tracker idle_pages", { trackers })).toMatchObject([
      { weight: "note", commands: ["modprobe etmem_scan"] },
    ]);
  });

  test("calls it a hindrance when only smaps is left, or nothing", async () => {
    const lacking = LACKS("page_table", "this process lacks CAP_BPF or CAP_SYS_ADMIN");
    expect(await findings("trackers", { trackers: [lacking, THERE("smaps")] })).toMatchObject([
      { weight: "hinders", found: expect.stringContaining("only smaps can be used: page_table: ") },
    ]);
    const none = [LACKS("process_madvise", "this kernel has no process_madvise (Linux 5.10)")];
    expect(await findings("mover process_madvise", { movers: none })).toMatchObject([
      { weight: "hinders", commands: ["modprobe -a etmem_scan etmem_swap"] },
    ]);
  });
});

describe("examine() on projects of a server", () => {
  test("finds why a project waits, and what each part of it lacks", async () => {
    const waits_for = 'Cannot start task "t" of engine "slide" in project "web": ' +
      "no tracker can be used: idle_pages: the module etmem_scan is not loaded: " +
      "modprobe etmem_scan; smaps: swap_flag=yes: smaps knows nothing of MADV_SWAPFLAG";
    const projects = [projectOf({ started: false }, { started: false, waits_for })];
    const found = await findings('project "web"', { projects });
    expect(found).toMatchObject([
      {
        weight: "hinders",
        found: `it waits: ${waits_for}`,
        meaning: expect.stringMatching(/^The project is tried again .* No tracker, or no mover,/),
      },
      { weight: "hinders", commands: ["modprobe etmem_scan"] },
      { weight: "hinders", remedy: "Set swap_flag=no, or load etmem_scan." },
    ]);
  });

  test("finds one that waits for swap space, one that is stopped, a dry run, one without tasks", async () => {
    const noSwap =
      'Cannot start task "t" of engine "slide" in project "web": task t: there is no swap space: make some with mkswap and swapon first';
    const of = (changes: Partial<ProjectStatus>) =>
      findings('project "web"', { projects: [projectOf({}, changes)] });
    expect(await of({ started: false, waits_for: noSwap })).toMatchObject([
      {
        found: `it waits: ${noSwap}`,
        commands: [expect.anything(), expect.stringMatching("swapon")],
      },
    ]);
    expect(await of({ started: false })).toMatchObject([{ found: "it is stopped" }]);
    expect(await of({ dry_run: true })).toMatchObject([
      { weight: "hinders", found: "it is a dry run" },
    ]);
    expect(await of({ engines: [] })).toMatchObject([{ found: "it has no task" }]);
    expect(await of({})).toEqual([]);
  });

  test("writes no command that is more than it says, whatever a project is called", async () => {
    const name = "a;reboot;'$(id)";
    const quoted = String.raw`'a;reboot;'\''$(id)'`;
    const projects = [projectOf({}, { name, started: false })];
    expect(await findings(`project "${name}"`, { projects })).toMatchObject([
      { commands: [`etmem project start -n ${quoted} -s ${SOCKET}`] },
    ]);
    const waits_for = "the process has ended";
    const waiting = [projectOf({}, { name, started: false, waits_for })];
    expect(await findings(`project "${name}"`, { projects: waiting })).toMatchObject([
      { commands: [`etmem project stop -n ${quoted} -s ${SOCKET}`] },
    ]);
  });

  test("finds a task that failed, and what has no effect", async () => {
    const projects = [projectOf({
      failed: "engine web: died of SIGSEGV",
      warnings: ["swapcache_high_wmark and swapcache_low_wmark have no effect: no mover"],
    })];
    expect(await findings(TASK, { projects })).toMatchObject([
      { weight: "hinders", found: "it failed: engine web: died of SIGSEGV" },
      { weight: "note", meaning: expect.stringContaining("no mover") },
    ]);
  });

  test("finds that all work waits", async () => {
    const work_waits = "the kernel holds 10 threads: work waits until it lets one go";
    const server = { ...SAMPLE_STATUS.server, work_waits };
    expect(await findings("server", { server })).toMatchObject([
      { weight: "hinders", found: work_waits },
    ]);
  });
});

describe("examine() on the last round of a task", () => {
  test("finds nothing where nothing stood in the way", async () => {
    const round = { present_bytes: 100 * MIB, hot_bytes: 60 * MIB, cold_bytes: 40 * MIB };
    expect(await ofRound({ ...round, asked_bytes: 40 * MIB, moved_bytes: 40 * MIB })).toEqual([]);
  });

  test("waits for the first round", async () => {
    expect(await ofRound({ state: "running", number: 1 })).toMatchObject([
      { weight: "note", remedy: "Wait for 4 min, and look again." },
    ]);
  });

  test("weighs a reason by how many processes it is about", async () => {
    const reason = "VmRSS is not above swap_threshold";
    const skipped = (processes: number) => [{ reason, processes, pids: [5] }];
    const command = "grep -E 'VmRSS|VmSwap' /proc/5/status";
    expect(await ofRound({ processes: 4, skipped: skipped(2) })).toMatchObject([
      { weight: "hinders", found: `2 processes: ${reason}`, commands: [command] },
    ]);
    expect(await ofRound({ processes: 4, skipped: skipped(1) })).toMatchObject([
      { weight: "note", found: `1 process: ${reason}` },
    ]);
  });

  test("weighs a reason by how much memory it is about, and leaves out what is normal", async () => {
    const round = { present_bytes: 100 * MIB, hot_bytes: 20 * MIB, cold_bytes: 80 * MIB };
    const reason = "locked, hugetlb or device memory";
    expect(await ofRound({ ...round, refused: [{ reason, bytes: 40 * MIB }] })).toMatchObject([
      { weight: "hinders", found: `40 MiB refused: ${reason}` },
    ]);
    expect(await ofRound({ ...round, refused: [{ reason, bytes: 39 * MIB }] })).toMatchObject([
      { weight: "note" },
    ]);
    const used = { reason: "used since the last scan", bytes: 39 * MIB };
    const unmarked = "not marked with MADV_SWAPFLAG, as swap_flag=yes demands";
    const left_alone = [{ reason: unmarked, bytes: 900 * MIB }];
    expect(await ofRound({ ...round, spared: [used], left_alone })).toMatchObject([
      { weight: "note", found: expect.stringContaining(unmarked) },
    ]);
    expect(await ofRound({ left_alone })).toMatchObject([
      { weight: "hinders", found: `900 MiB not taken: ${unmarked}` },
    ]);
    const full = { reason: "swap space is nearly full", bytes: MIB };
    expect(await ofRound({ ...round, spared: [full] })).toMatchObject([{ weight: "hinders" }]);
  });

  test("says why hardly anything is cold", async () => {
    const hot = { present_bytes: 100 * MIB, hot_bytes: 96 * MIB, cold_bytes: 4 * MIB };
    expect(await ofRound({ ...hot, hot_huge_bytes: 80 * MIB })).toMatchObject([
      { weight: "hinders", found: "80 MiB are hot at 2 MiB, and hardly anything is cold" },
    ]);
    expect(await ofRound(hot)).toMatchObject([
      { weight: "note", found: "96 MiB of 100 MiB that are present are in use" },
    ]);
    expect(await ofRound(hot, { tracker: "smaps" })).toMatchObject([{ weight: "hinders" }]);
    expect(await ofRound({ ...hot, hot_bytes: 90 * MIB, hot_huge_bytes: 90 * MIB })).toEqual([]);
  });

  test("finds too much that comes back, by the guard where there is one", async () => {
    const guard = {
      stall_limit_percent: 0.1,
      harm_percent: 0.1,
      age_scans: 6,
      age_seconds: 6,
      swap_in_us: 7,
      paused_processes: 0,
      unguarded_processes: 0,
    };
    const back = { moved_bytes: 10 * MIB, came_back_bytes: 5 * MIB };
    expect(await ofRound(back)).toMatchObject([
      { weight: "hinders", found: "too much comes back: 5 MiB of 10 MiB in the last 1 round" },
    ]);
    expect(await ofRound({ ...back, came_back_bytes: 4 * MIB })).toEqual([]);
    expect(await ofRound({ ...back, guard })).toEqual([]);
    expect(await ofRound({ guard: { ...guard, harm_percent: 0.2 } })).toMatchObject([
      { weight: "hinders", found: expect.stringContaining("waited for 0.2 % of its time") },
    ]);
    expect(await ofRound({ guard: { ...guard, unguarded_processes: 1 } })).toMatchObject([
      { weight: "note", found: "the guard steps aside for 1 process" },
    ]);
  });

  test("notes what went wrong on the way", async () => {
    expect(await ofRound({ late_us: 2_000_000, scan_errors: 3 })).toMatchObject([
      { weight: "note", found: "moving takes 2 s longer than `sleep`" },
      { weight: "note", found: "3 reads failed or broke off" },
    ]);
  });
});

describe("examine() on servers that do not answer", () => {
  const problem = "Cannot read the answer of the server: not a byte came for 10 s";

  test("finds one that runs and is silent", async () => {
    using machine = new FakeMachine();
    const asked = [{ socket: SOCKET, answer: { problem } }];
    const found = await findingsOf(machine.patient({ asked, running: RUNNING }), "server");
    expect(found).toMatchObject([
      { weight: "hinders", found: problem, commands: [expect.anything(), expect.anything()] },
    ]);
  });

  test("notes one whose name is not known", async () => {
    using machine = new FakeMachine();
    const found = await findingsOf(machine.patient({ running: [{ pid: 7 }] }), "server");
    expect(found).toMatchObject([
      {
        weight: "note",
        found: "etmemd runs as process 7, and its command line does not tell its name",
      },
    ]);
  });

  test("says of one in a container how it is asked", async () => {
    using machine = new FakeMachine();
    const running: RunningServer[] = [{ pid: 7, socket: "a b", isElsewhere: true }];
    expect(await findingsOf(machine.patient({ running }), "server")).toMatchObject([
      { weight: "hinders", found: "no etmemd runs here" },
      { weight: "note", commands: ["nsenter -n -t 7 etmem doctor -s 'a b'"] },
    ]);
  });

  test("does not blame a server that refuses who is not root", async () => {
    using machine = new FakeMachine();
    const asked = [{ socket: SOCKET, answer: { problem: "it refuses" } }];
    const patient = machine.patient({ asked, running: RUNNING, isRoot: false });
    expect(await findingsOf(patient, "server")).toEqual([]);
    expect(await findingsOf(patient, "rights")).toMatchObject([{ weight: "hinders" }]);
  });
});

describe("examine() on servers of any start", () => {
  test("looks where the server has it, once at each file", async () => {
    using machine = new FakeMachine();
    const path = machine.at("elsewhere");
    const file = machine.at("elsewhere/a.conf");
    mkdirSync(path, { mode: 0o755 });
    writeFileSync(file, "[project]\nname=x\n", { mode: 0o600 });
    const refused = [{ file, problem: "line 1: no", earlier_version_counts: false }];
    const { asked } = answering({ conf_dir: { path, files: 1, refused } });
    const running = [{ pid: 4711, socket: SOCKET, confDir: "elsewhere" }];
    const patient = machine.patient({ asked, running });
    expect(await findingsOf(patient, `file ${file}`)).toMatchObject([
      { weight: "hinders", found: expect.stringContaining("sleep are missing") },
    ]);
    expect(await findingsOf(patient, "folder elsewhere")).toEqual([]);
  });

  test("ends a server that gives no status, however it was started", async () => {
    using machine = new FakeMachine();
    const problem = "it does not answer";
    const asked = [{ socket: SOCKET, answer: { problem } }];
    const running = [{ pid: 4711, socket: SOCKET }];
    expect(await findingsOf(machine.patient({ asked, running }), "server")).toMatchObject([
      { found: problem, commands: ["journalctl -t etmemd -n 50", "kill 4711"] },
    ]);
  });

  test("has a server look again that may have been started by hand", async () => {
    using machine = new FakeMachine();
    const file = "/elsewhere/b.conf";
    const refused = [{ file, problem: "no such tracker", earlier_version_counts: false }];
    const { asked } = answering({ conf_dir: { path: "/elsewhere", files: 1, refused } });
    const running = [{ pid: 4711, socket: SOCKET }];
    expect(await findingsOf(machine.patient({ asked, running }), `file ${file}`)).toMatchObject([
      { found: "the server does not take it: no such tracker", commands: ["kill -HUP 4711"] },
    ]);
  });
});
