import { availability } from "../../engine/availability.ts";
import { type MoverName, MOVERS } from "../../mover/movers.ts";
import type { Availability } from "../../status/server_status.ts";
import { type TrackerName, TRACKERS } from "../../tracker/trackers.ts";
import { explain, explanationOf } from "../explain.ts";
import type { Finding, Report } from "../finding.ts";
import { answersOf, type Patient } from "../patient.ts";

/** A part that cannot be used, and why. */
interface MissingPart {
  readonly name: string;
  readonly reason: string;
}

/** Which trackers and movers can be used: by what a server says of itself, else by a try. */
export function checkParts(patient: Patient, report: Report): void {
  const [server] = answersOf(patient);
  if (server === undefined && !patient.isRoot) return;
  const trackers = server?.status.trackers ?? TRACKERS.map(availability<TrackerName>);
  const movers = server?.status.movers ?? MOVERS.map(availability<MoverName>);
  checkTable("tracker", trackers, report);
  checkTable("mover", movers, report);
  checkGranularity(trackers, report);
  const best = trackers.find(({ available }) => available)?.name;
  const caution = TRACKERS.find(({ name }) => name === best)?.caution?.();
  if (caution !== undefined) report.add(balancing(caution));
}

/** What keeps a part from being used hinders where no other part is left. */
function checkTable(what: string, table: readonly Availability[], report: Report): void {
  const first = table.findIndex(({ available }) => available);
  const better = first < 0 ? table : table.slice(0, first);
  for (const { name, reason } of better.flatMap(missingPart)) {
    const { hinders } = explanationOf(reason);
    // What cannot be changed is worth no word while there is something else.
    if (first >= 0 && hinders === "never") continue;
    const weight = first < 0 ? "hinders" : "note";
    report.add(explain(reason, `cannot be used: ${reason}`, weight, { about: `${what} ${name}` }));
  }
}

function missingPart({ name, available, reason = "not there" }: Availability): MissingPart[] {
  return available ? [] : [{ name, reason }];
}

/** smaps alone sees no pages. */
function checkGranularity(trackers: readonly Availability[], report: Report): void {
  const best = trackers.find(({ available }) => available)?.name;
  if (TRACKERS.find(({ name }) => name === best)?.granularity !== "vma") return;
  const reasons = trackers.flatMap(missingPart).map(({ name, reason }) => `${name}: ${reason}`);
  report.add({
    weight: "hinders",
    about: "trackers",
    found: `only ${best} can be used: ${reasons.join("; ")}`,
    meaning: "It judges each memory area as a whole: an area in which used and unused memory are " +
      "mixed stays. dram_percent and cslide do not work.",
    remedy: "Mend what another tracker lacks. Most kernels of distributions can have page_table.",
    commands: ["modprobe etmem_scan", "ls -l /sys/kernel/btf/vmlinux", "cat /proc/cmdline"],
  });
}

function balancing(caution: string): Finding {
  return {
    weight: "note",
    about: "sysctl kernel.numa_balancing",
    found: caution,
    meaning: "Idle pages that the kernel moves between nodes seem to be in use.",
    remedy: "Switch it off while etmem works, or use another tracker.",
    commands: ["sysctl kernel.numa_balancing=0"],
  };
}
