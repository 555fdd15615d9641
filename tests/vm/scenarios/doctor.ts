import { writeFileSync } from "node:fs";
import { readMemInfo } from "../../../src/procfs/meminfo.ts";
import { FaultInjector } from "../../tools/fixtures/fault_injector.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { demand } from "../guest/demand.ts";
import {
  BIN,
  IN_LIMITED_GROUP,
  makeLimitedGroup,
  setKernelSwap,
  swapOnZram,
} from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { MIB, slideConfig, startProject, startTarget, TASK } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/** What `etmem doctor --json` prints. */
interface Diagnosis {
  readonly findings: readonly {
    readonly weight: string;
    readonly about: string;
    readonly found: string;
    readonly commands: readonly string[];
  }[];
  readonly not_seen: readonly string[];
}

/** Runs `etmem doctor --json`. */
async function diagnose(status: number, ...args: string[]): Promise<Diagnosis> {
  const child = Bun.spawn([`${BIN}/etmem`, "doctor", "--json", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = await child.stdout.text();
  const ended = await child.exited;
  demand(ended === status, `etmem doctor ended with ${ended}: ${text}`);
  return JSON.parse(text) as Diagnosis;
}

/** Demands a finding, and a command that mends it. */
function demandFinding(
  { findings }: Diagnosis,
  weight: "hinders" | "note",
  found: RegExp,
  command: RegExp,
): void {
  const finding = findings.find((one) => found.test(`${one.about}: ${one.found}`));
  demand(finding !== undefined, `${found} is not found: ${JSON.stringify(findings)}`);
  demand(finding.weight === weight, `${finding.found} is called ${finding.weight}`);
  demand(
    finding.commands.some((one) => command.test(one)),
    `${finding.found}: no command ${command}: ${finding.commands.join("; ")}`,
  );
}

/** No server, no swap space, a kernel that was started with psi=0. */
const nothingThere: Scenario = {
  name: "doctor_finds_nothing_there",
  deadlineSeconds: 300,
  async run() {
    const diagnosis = await diagnose(1);
    demandFinding(diagnosis, "hinders", /^server: no etmemd runs here/, /^etmemd -s .* -m$/);
    demandFinding(diagnosis, "hinders", /^swap: there is no swap space/, /^mkswap .* swapon/);
    demandFinding(diagnosis, "note", /^pressure stall information: it is off/, /psi=1/);
    demand(diagnosis.not_seen.length === 0, `not seen: ${diagnosis.not_seen.join("; ")}`);
  },
};

/** Swap space that is used up, so that a task cannot go on. */
const swapFull: Scenario = {
  name: "doctor_finds_swap_full",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(32);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: 128 * MIB });
    const server = await Server.start();
    await server.add(slideConfig(target.pid, { project: { loop: 1 } }));
    await startProject(server);
    await waitFor("swap space to be full", () => readMemInfo().swapFreeBytes < MIB);
    const { rounds } = await server.task(TASK);
    await server.untilRounds(TASK, (rounds[0]?.number ?? 0) + 2);
    const diagnosis = await diagnose(1, "-s", server.socket);
    demandFinding(diagnosis, "hinders", /^swap: swap space is nearly full/, /swapon/);
    demandFinding(
      diagnosis,
      "hinders",
      /^project "vm", task "cold_memory": .*swap space is nearly full/,
      /swapon/,
    );
  },
};

/** A task that asks for marked memory, of a process that marks none. */
const noMarks: Scenario = {
  name: "doctor_finds_swap_flag_without_marks",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(512);
    setKernelSwap(false);
    using target = await startTarget({ sizeBytes: 64 * MIB });
    const server = await Server.start();
    await server.add(slideConfig(target.pid, { task: { swap_flag: "yes" } }));
    await startProject(server);
    await server.untilRounds(TASK, 1);
    const diagnosis = await diagnose(1, "-s", server.socket);
    demandFinding(
      diagnosis,
      "hinders",
      /^project "vm", task "cold_memory": \d.* not taken: not marked with MADV_SWAPFLAG/,
      /^etmem obj del -f FILE -s vm_tests$/,
    );
  },
};

/** A control group that may not swap, with a server and without one. */
const groupMayNot: Scenario = {
  name: "doctor_finds_swap_max_0",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(512);
    setKernelSwap(false);
    makeLimitedGroup("0");
    using target = await startTarget({ sizeBytes: 16 * MIB }, IN_LIMITED_GROUP);
    const config = slideConfig(target.pid, { project: { loop: 1 } });
    const found = /its control group may not swap: memory\.swap\.max is 0/;
    const command = new RegExp(`^cat /proc/${target.pid}/cgroup$`);
    const file = "/tmp/doctor.conf";
    const text = config.map(([group, values]) =>
      [`[${group}]`, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)].join("\n")
    ).join("\n");
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    demandFinding(await diagnose(1, "-f", file), "hinders", found, command);
    const server = await Server.start();
    await server.add(config);
    await startProject(server);
    await server.untilRounds(TASK, 1);
    demandFinding(await diagnose(1, "-s", server.socket), "hinders", found, command);
  },
};

/** A kernel that has both files while no module serves them, as openEuler's without etmem's. */
const noModules: Scenario = {
  name: "doctor_finds_modules_missing",
  deadlineSeconds: 300,
  async run() {
    const injector = new FaultInjector("/tmp", ["openat"], `${BIN}/fault_injector`);
    injector.set("openat */idle_pages ENODEV", "openat */swap_pages ENODEV");
    const server = await Server.start(injector.wrapper);
    const diagnosis = await diagnose(1, "-s", server.socket);
    demandFinding(
      diagnosis,
      "note",
      /^tracker idle_pages: cannot be used: the module etmem_scan is not loaded/,
      /^modprobe etmem_scan$/,
    );
    demandFinding(
      diagnosis,
      "note",
      /^mover swap_pages: cannot be used: the module etmem_swap is not loaded/,
      /^modprobe etmem_swap$/,
    );
  },
};

/** On a kernel that was started with psi=0. */
export const doctor: readonly Scenario[] = [
  nothingThere,
  swapFull,
  noMarks,
  groupMayNot,
  noModules,
];

/** On a kernel that was started with lockdown=confidentiality: smaps is left. */
export const doctorConfidentiality: Scenario = {
  name: "doctor_finds_lockdown",
  deadlineSeconds: 300,
  async run() {
    const diagnosis = await diagnose(1);
    demandFinding(
      diagnosis,
      "note",
      /^tracker page_table: cannot be used: lockdown=confidentiality/,
      /^cat \/sys\/kernel\/security\/lockdown$/,
    );
    demandFinding(diagnosis, "hinders", /^trackers: only smaps can be used/, /cmdline/);
  },
};
