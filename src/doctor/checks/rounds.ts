import type { ProjectStatus } from "../../status/project_status.ts";
import type { MemoryByReason } from "../../status/round_figures.ts";
import type { RoundStatus } from "../../status/round_status.ts";
import type { TaskStatus } from "../../status/task_status.ts";
import { etmemCommand } from "../../text/etmem_command.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "../../text/quantities.ts";
import { explain, explanationOf, type ReasonPlace } from "../explain.ts";
import type { Finding, Report } from "../finding.ts";
import type { Patient } from "../patient.ts";
import { explainSkip } from "./skips.ts";

/** More than this share of what moved is too much to come back. */
const MOST_BACK_SHARE = 0.5;

/** So much more memory that is not looked at than other is worth a word. */
const LARGER_SHARE = 20;

type Place = ReasonPlace & { readonly patient: Patient };

/** What kept memory where it is in the last round of a task. */
export function checkRounds(
  task: TaskStatus,
  project: ProjectStatus,
  place: ReasonPlace,
  patient: Patient,
  report: Report,
): void {
  const round = task.rounds.find(({ state }) => state === "done") ?? task.rounds[0];
  if (round === undefined || (round.state === "running" && round.skipped.length === 0)) {
    report.add(firstRound(project, place));
    return;
  }
  const findings = [
    ...skips(round, { ...place, patient }),
    ...reasons(round, place),
    ...heat(round, task, place),
    ...returns(task, round, place),
    ...faults(round, place),
  ];
  for (const finding of findings) report.add(finding);
}

function firstRound({ loop, interval_us }: ProjectStatus, { about }: ReasonPlace): Finding {
  return {
    weight: "note",
    about,
    found: "its first round is not done yet",
    meaning: `A round has ${formatCount(loop, "scan", "scans")} ` +
      `${formatDuration(interval_us)} apart, and one more before them. Then the first pages move.`,
    remedy: `Wait for ${formatDuration((loop + 1) * interval_us)}, and look again.`,
    commands: [],
  };
}

function skips({ skipped, processes }: RoundStatus, { patient, ...place }: Place): Finding[] {
  return skipped
    .filter(({ reason, processes: count }) =>
      explanationOf(reason).hinders !== "never" || count * 2 < processes
    )
    .map((skip) => explainSkip(skip, processes, place, patient));
}

/** Memory by reason: what is most of the round's, and what always hinders. */
function reasons(round: RoundStatus, place: ReasonPlace): Finding[] {
  const { present_bytes: present, cold_bytes: cold } = round;
  const lists: [what: string, list: readonly MemoryByReason[], of: number][] = [
    ["spared", round.spared, cold],
    ["refused", round.refused, cold],
    ["not taken", round.left_alone, LARGER_SHARE * present],
    ...(round.node_pairs ?? []).flatMap(
      ({ hot_left, reserve_short }): [string, MemoryByReason[], number][] => [
        ["hot, and left on the slow node", hot_left, 0],
        ["missing of node_hot_reserve", reserve_short, 0],
      ],
    ),
  ];
  return lists.flatMap(([what, list, of]) =>
    list.flatMap(({ reason, bytes }) => {
      const { hinders } = explanationOf(reason);
      const isMost = bytes * 2 >= of;
      if (hinders === "never" && !isMost) return [];
      const isHindered = hinders === "always" || (hinders === "mostly" && isMost);
      const found = `${formatBytes(bytes)} ${what}: ${reason}`;
      return [explain(reason, found, isHindered ? "hinders" : "note", place)];
    })
  );
}

/** Less than this share of what is present is as good as nothing. */
const HARDLY_ANY_SHARE = 0.05;

/** Hardly anything is cold: why that may be. */
function heat(round: RoundStatus, { tracker }: TaskStatus, { about }: ReasonPlace): Finding[] {
  const { present_bytes: present, hot_bytes: hot, hot_huge_bytes: huge } = round;
  if (present === 0 || present - hot > present * HARDLY_ANY_SHARE) return [];
  if (huge * 2 >= hot) return [hotHuge(huge, about)];
  const isCoarse = tracker === "smaps";
  return [{
    weight: isCoarse ? "hinders" : "note",
    about,
    found: `${formatBytes(hot)} of ${formatBytes(present)} that are present are in use`,
    meaning: isCoarse
      ? "The tracker smaps judges each memory area as a whole: one page in use in 20 keeps all " +
        "of an area."
      : "The last round found nearly every page in use: there is nothing to move.",
    remedy: isCoarse
      ? "Use a tracker that sees pages; the findings about trackers say what is missing."
      : "Raise `loop` or `interval` for a longer look, or `T` to call less-used pages cold, too.",
    commands: [],
  }];
}

function hotHuge(bytes: number, about: string): Finding {
  return {
    weight: "hinders",
    about,
    found: `${formatBytes(bytes)} are hot at 2 MiB, and hardly anything is cold`,
    meaning: "With transparent huge pages, one access to 2 MiB makes all of it hot. If what is " +
      "used is spread over all of the memory, nothing is ever cold.",
    remedy: "Have the program do without them: switch them off, for all programs or for this " +
      "one (prctl(PR_SET_THP_DISABLE), or a setting of its own), and start it anew.",
    commands: ["echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"],
  };
}

/** What shows more. */
function statusCommand({ project = "", socket = "" }: ReasonPlace): string {
  return etmemCommand("status", { project, socket });
}

/** Too much comes back: by the guard, else by what came back in the rounds that status keeps. */
function returns({ rounds }: TaskStatus, { guard }: RoundStatus, place: ReasonPlace): Finding[] {
  const { about } = place;
  const finding = (found: string, meaning: string, remedy: string): Finding => ({
    weight: "hinders",
    about,
    found,
    meaning,
    remedy,
    commands: [statusCommand(place)],
  });
  if (guard !== undefined) {
    if (guard.harm_percent <= guard.stall_limit_percent) return [];
    return [finding(
      `too much comes back: a process waited for ${guard.harm_percent} % of its time, ` +
        `stall_limit is ${guard.stall_limit_percent} %`,
      "The guard moves nothing more of it until it waits less, and is stricter afterwards.",
      "Wait some minutes. If it stays so, raise `loop` or `interval`, or raise stall_limit if " +
        "the process may wait longer.",
    )];
  }
  const sum = (figure: "moved_bytes" | "came_back_bytes"): number =>
    rounds.reduce((total, round) => total + round[figure], 0);
  const [moved, back] = [sum("moved_bytes"), sum("came_back_bytes")];
  if (back === 0 || back < moved * MOST_BACK_SHARE) return [];
  return [finding(
    `too much comes back: ${formatBytes(back)} of ${formatBytes(moved)} in the last ` +
      formatCount(rounds.length, "round", "rounds"),
    `What comes back was not cold: ${formatShare(back, moved)} of it was used again soon.`,
    "Use the guard (stall_limit=0.1 in the task), or raise `loop` or `interval`.",
  )];
}

/** What is worth knowing beside that. */
function faults(
  { late_us: late, scan_errors: errors, guard }: RoundStatus,
  place: ReasonPlace,
): Finding[] {
  const { about } = place;
  const note = (found: string, meaning: string, remedy: string, commands: string[]): Finding => ({
    weight: "note",
    about,
    found,
    meaning,
    remedy,
    commands,
  });
  return [
    ...(late === undefined ? [] : [note(
      `moving takes ${formatDuration(late)} longer than \`sleep\``,
      "The next round begins when moving has ended.",
      "Raise `sleep` if rounds are to begin in time.",
      [],
    )]),
    ...(errors === 0 ? [] : [note(
      formatCount(errors, "read failed or broke off", "reads failed or broke off"),
      "Memory that could not be looked at counts as used.",
      "Look into the server's log.",
      ["journalctl -t etmemd -n 50"],
    )]),
    ...(guard === undefined || guard.unguarded_processes === 0 ? [] : [note(
      `the guard steps aside for ${formatCount(guard.unguarded_processes, "process", "processes")}`,
      "Less than 5 % of the machine's memory is available: everything cold may go.",
      "Free memory, or give the machine more.",
      [statusCommand(place)],
    )]),
  ];
}
