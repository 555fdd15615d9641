import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { examine } from "../../../src/doctor/examine.ts";
import type { Finding } from "../../../src/doctor/finding.ts";
import type { Patient } from "../../../src/doctor/patient.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

/** A machine at which the doctor finds nothing: its files below /proc and /sys. */
const HEALTHY: Readonly<Record<string, string>> = {
  "proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 500 kB\nSwapCached: 0 kB\n" +
    "SwapTotal: 1000 kB\nSwapFree: 900 kB\n",
  "proc/swaps": "Filename Type Size Used Priority\n/dev/zram0 partition 1000 100 5\n",
  "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
  "proc/sys/vm/overcommit_memory": "0\n",
  "proc/sys/vm/page-cluster": "0\n",
  "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
  "sys/fs/cgroup/cgroup.controllers": "memory\n",
};

/** A machine of files in a folder of its own. */
export class FakeMachine implements Disposable {
  readonly #folder = new ScratchFolder();

  /** @param changes files that are different; undefined: that is not there. */
  constructor(changes: Readonly<Record<string, string | undefined>> = {}) {
    for (const [path, text] of Object.entries({ ...HEALTHY, ...changes })) {
      if (text === undefined) continue;
      mkdirSync(dirname(this.#folder.at(path)), { recursive: true });
      writeFileSync(this.#folder.at(path), text);
    }
  }

  at(path: string): string {
    return this.#folder.at(path);
  }

  /** It as the doctor sees it. */
  patient(changes: Partial<Patient> = {}): Patient {
    return {
      socket: undefined,
      project: undefined,
      file: undefined,
      isRoot: true,
      running: [],
      asked: [],
      proc: this.at("proc"),
      sys: this.at("sys"),
      pidFile: this.at("etmemd.pid"),
      confDir: this.at("conf.d"),
      output: () => undefined,
      ...changes,
    };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** What the doctor finds of something. */
export async function findingsOf(patient: Patient, about: string): Promise<Finding[]> {
  const { findings } = await examine(patient);
  return findings.filter((finding) => finding.about === about);
}
