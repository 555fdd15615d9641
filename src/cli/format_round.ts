import type {
  MemoryByReason,
  NodePairStatus,
  RoundStatus,
  SkippedProcesses,
  TaskStatus,
} from "../status/task_status.ts";
import { columns, field, wrap } from "./layout.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "../text/quantities.ts";

const INDENT = "        ";

/** A round of a task for the status table; `pmdBytes` is what one PMD entry maps. */
export function formatRound(round: RoundStatus, pmdBytes: number): string {
  const began = `began ${formatDuration(round.age_us)} ago`;
  const head = wrap("      ", [
    `round ${round.number} ${round.state}`,
    ...(round.state === "running" ? [began] : [began, `took ${formatDuration(round.duration_us)}`]),
    formatCount(round.processes, "process", "processes"),
    `${formatDuration(round.cpu_us)} of CPU`,
  ]);
  return [
    head,
    columns(INDENT, [
      ["scanned", formatBytes(round.scanned_bytes)],
      ["present", formatBytes(round.present_bytes)],
      ["hot", formatBytes(round.hot_bytes)],
      ["cold", formatBytes(round.cold_bytes)],
    ]),
    columns(INDENT, [
      ["asked", formatBytes(round.asked_bytes)],
      ["moved", formatBytes(round.moved_bytes)],
      ["of asked", formatShare(round.moved_bytes, round.asked_bytes)],
      ["came back", formatBytes(round.came_back_bytes)],
    ]),
    formatHuge(round, pmdBytes),
    ...round.spared.map((memory) => formatMemory("spared", memory)),
    ...round.refused.map((memory) => formatMemory("refused", memory)),
    ...(round.node_pairs ?? []).map(formatNodePair),
    ...round.skipped.map(formatSkipped),
    round.scan_errors === 0 ? "" : field(INDENT, "errors", [
      `${formatCount(round.scan_errors, "read", "reads")} failed or broke off`,
    ]),
    formatPhases(round),
  ].join("");
}

function formatHuge(round: RoundStatus, pmdBytes: number): string {
  if (round.hot_huge_bytes === 0) return "";
  const unit = formatBytes(pmdBytes);
  const what = round.hot_huge_bytes === round.present_bytes
    ? `all that is present is hot at ${unit}`
    : `${formatBytes(round.hot_huge_bytes)} are hot at ${unit}`;
  return field(INDENT, "huge", [`${what}, where one access makes the whole of it hot`]);
}

function formatMemory(label: string, { reason, bytes }: MemoryByReason): string {
  return field(INDENT, label, [`${formatBytes(bytes)}: ${reason}`]);
}

function formatNodePair(pair: NodePairStatus): string {
  const reasons = (what: string, list: readonly MemoryByReason[]): string[] =>
    list.map(({ reason, bytes }) => `${formatBytes(bytes)} ${what}: ${reason}`);
  const up = formatBytes(pair.up_hot_bytes + pair.up_cold_bytes);
  const down = formatBytes(pair.down_hot_bytes + pair.down_cold_bytes);
  return field(INDENT, "nodes", [
    `${pair.slow_node} to ${pair.dram_node} (DRAM) ${up}`,
    `${pair.dram_node} to ${pair.slow_node} (slow) ${down}`,
    ...reasons("hot left on the slow node", pair.hot_left),
    ...reasons("missing of node_hot_reserve", pair.reserve_short),
  ]);
}

function formatSkipped({ reason, processes, pids }: SkippedProcesses): string {
  // Not even looked for, for a reason that is about none of them.
  if (processes === 0) return field(INDENT, "skipped", [reason]);
  const more = processes > pids.length ? ", ..." : "";
  const which = pids.length === 0 ? "" : ` (pid ${pids.join(", ")}${more})`;
  const count = formatCount(processes, "process", "processes");
  return field(INDENT, "skipped", [`${count}${which}: ${reason}`]);
}

function formatPhases({ phases }: RoundStatus): string {
  const named: readonly (readonly [name: string, us: number])[] = [
    ["reading", phases.vmas_us],
    ["scanning", phases.scan_us],
    ["sorting", phases.classify_us],
    ["moving", phases.move_us],
    ["checking", phases.verify_us],
    ["swap cache", phases.swapcache_us],
  ];
  const spent = named.filter(([, us]) => us > 0);
  if (spent.length === 0) return "";
  return field(INDENT, "time", spent.map(([name, us]) => `${name} ${formatDuration(us)}`));
}

/** What a task has come to since it was started. */
export function formatTotal({ total, rounds: last }: Pick<TaskStatus, "total" | "rounds">): string {
  const { rounds } = total;
  if (rounds === 0 && last.length === 0) return "      no round yet\n";
  // A round that was stopped is not counted; what it has moved is.
  const heading = rounds === 0
    ? "no whole round yet"
    : `total of ${formatCount(rounds, "round", "rounds")}`;
  if (rounds === 0 && total.asked_bytes === 0) return wrap("      ", [heading]);
  return wrap("      ", [heading]) +
    columns(INDENT, [
      ["asked", formatBytes(total.asked_bytes)],
      ["moved", formatBytes(total.moved_bytes)],
      ["of asked", formatShare(total.moved_bytes, total.asked_bytes)],
      ["came back", formatBytes(total.came_back_bytes)],
    ]);
}
