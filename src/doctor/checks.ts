import { checkFiles } from "./checks/files.ts";
import { checkKernel } from "./checks/kernel.ts";
import { checkParts } from "./checks/parts.ts";
import { checkPidFile } from "./checks/pid_file.ts";
import { checkProjects } from "./checks/projects.ts";
import { checkRights } from "./checks/rights.ts";
import { checkServer } from "./checks/server.ts";
import { checkSwap } from "./checks/swap.ts";
import { checkUnit } from "./checks/unit.ts";
import type { Report } from "./finding.ts";
import type { Patient } from "./patient.ts";

/** One thing that the doctor looks at. */
interface Check {
  readonly name: string;
  readonly look: (patient: Patient, report: Report) => void | Promise<void>;
}

/** All that the doctor looks at, in the order in which it says what it found. */
export const CHECKS: readonly Check[] = [
  { name: "rights", look: checkRights },
  { name: "server", look: checkServer },
  { name: "pid file", look: checkPidFile },
  { name: "unit", look: checkUnit },
  { name: "trackers and movers", look: checkParts },
  { name: "swap", look: checkSwap },
  { name: "kernel settings", look: checkKernel },
  { name: "configuration files", look: checkFiles },
  { name: "projects", look: checkProjects },
];
