import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { processCpuSeconds } from "../process_cpu_clock.ts";
import { type Attached, NotThere, type Peer, type Surroundings } from "./peer.ts";

/** Documentation/admin-guide/mm/damon/usage.rst */
const KDAMONDS = "/sys/kernel/mm/damon/admin/kdamonds";
const SAMPLE_US = 5_000;
const AGGREGATION_US = 100_000;
const LARGEST = 2 ** 50;
const LONGEST = 2 ** 31;

/** Pages out what was not used for a time, at most so much a second. */
export interface DamonSetting {
  readonly name: string;
  readonly about: string;
  readonly family: string;
  readonly idleSeconds: number;
  /** Time that it may spend on paging out, of each second. */
  readonly quotaMs?: number;
}

type Files = Readonly<Record<string, string | number>>;

function writeFiles(folder: string, files: Files): void {
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(`${folder}/${name}`, String(value));
  }
}

function between(name: string, min: number, max: number): Files {
  return { [`access_pattern/${name}/min`]: min, [`access_pattern/${name}/max`]: max };
}

function writeScheme(folder: string, { idleSeconds, quotaMs = 0 }: DamonSetting): void {
  const age = idleSeconds * 1e6 / AGGREGATION_US;
  writeFiles(folder, {
    action: "pageout",
    ...between("sz", 0, LARGEST),
    ...between("nr_accesses", 0, 0),
    ...between("age", age, LONGEST),
    "quotas/ms": quotaMs,
    "quotas/reset_interval_ms": 1000,
    // what was idle longest first
    "quotas/weights/nr_accesses_permil": 0,
    "quotas/weights/age_permil": 1000,
    "watermarks/metric": "none",
  });
}

/** Describes what one thread of the kernel is to do, without starting it. */
function configure(setting: DamonSetting, pids: readonly number[]): void {
  writeFiles(KDAMONDS, { nr_kdamonds: 1, "0/contexts/nr_contexts": 1 });
  const context = `${KDAMONDS}/0/contexts/0`;
  writeFiles(context, {
    operations: "vaddr",
    "monitoring_attrs/intervals/sample_us": SAMPLE_US,
    "monitoring_attrs/intervals/aggr_us": AGGREGATION_US,
    "monitoring_attrs/nr_regions/max": 1000,
    "targets/nr_targets": pids.length,
    "schemes/nr_schemes": 1,
  });
  for (const [i, pid] of pids.entries()) writeFiles(`${context}/targets/${i}`, { pid_target: pid });
  writeScheme(`${context}/schemes/0`, setting);
}

/** The threads of the kernel that do it. */
function kdamonds(): number[] {
  return readdirSync("/proc").map(Number).filter((pid) => {
    const path = `/proc/${pid}/comm`;
    return pid > 0 && existsSync(path) && readFileSync(path, "latin1").startsWith("kdamond");
  });
}

function attach(setting: DamonSetting, { pids, vm }: Surroundings): Promise<Attached> {
  // Hosts have a DAMON of their own, which is left alone.
  if (vm === undefined) throw new NotThere("DAMON is set up in the test VM only");
  if (!existsSync(KDAMONDS)) throw new NotThere(`this kernel has no ${KDAMONDS}`);
  configure(setting, pids);
  return Promise.resolve({
    begin: () => writeFiles(`${KDAMONDS}/0`, { state: "on" }),
    cpuSeconds: () => kdamonds().reduce((sum, pid) => sum + processCpuSeconds(pid), 0),
    [Symbol.asyncDispose]: () => {
      writeFiles(KDAMONDS, { "0/state": "off", nr_kdamonds: 0 });
      return Promise.resolve();
    },
  });
}

/** DAMON's pageout scheme, in the test VM. */
export function damonPeer(setting: DamonSetting): Peer {
  const { name, about, family } = setting;
  return { name, about, family, vmOnly: true, attach: (at) => attach(setting, at) };
}
