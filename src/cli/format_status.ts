import type { EngineStatus, ProjectStatus } from "../status/project_status.ts";
import type { Availability, ServerStatus } from "../status/server_status.ts";
import type { TaskStatus } from "../status/task_status.ts";
import { formatRound, formatTotal } from "./format_round.ts";
import { field, wrap } from "./layout.ts";
import { readStatus } from "./read_status.ts";
import { formatSwap } from "./format_swap.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "../text/quantities.ts";

/**
 * The table that `etmem status` prints, readable at 100 columns.
 * @param document the text of a ServerStatus.
 * @throws {SyntaxError} when it is no document of the version known here;
 * `message` says what it "is".
 */
export function formatStatus(document: string): string {
  return readStatus(document, (status) =>
    [
      formatServer(status),
      status.projects.length === 0 ? "\nno project exists\n" : "",
      ...status.projects.map((project) => formatProject(project, status)),
    ].join(""));
}

function formatServer(status: ServerStatus): string {
  const { server, memory, swap } = status;
  return [
    wrap("", [
      `etmemd ${server.version}`,
      `pid ${server.pid}`,
      `socket ${server.socket}`,
      `up ${formatDuration(server.up_us)}`,
    ]),
    field("  ", "itself", [
      `${formatBytes(server.rss_bytes)} resident`,
      `${formatBytes(server.rss_anon_bytes)} of it anonymous`,
      `${formatDuration(server.cpu_us)} of CPU`,
      formatCount(server.workers, "worker", "workers"),
      ...formatMoveRate(server.move_rate_bytes),
      ...(server.held_workers === undefined ? [] : [`${server.held_workers} held by the kernel`]),
    ]),
    server.work_waits === undefined ? "" : field("  ", "waits", [server.work_waits]),
    field("  ", "memory", [
      formatBytes(memory.total_bytes),
      `${formatBytes(memory.available_bytes)} available (${
        formatShare(memory.available_bytes, memory.total_bytes)
      })`,
      `${formatBytes(memory.swap_cached_bytes)} swap cache`,
      `pages of ${formatBytes(memory.page_size_bytes)} and ${formatBytes(memory.pmd_size_bytes)}`,
    ]),
    ...formatSwap(swap),
    formatConfDir(status.conf_dir),
    formatAvailability("trackers", status.trackers),
    formatAvailability("movers", status.movers),
  ].join("");
}

function formatConfDir(confDir: ServerStatus["conf_dir"]): string {
  if (confDir === undefined) return "";
  const { path, problem, files, refused } = confDir;
  const state = problem === undefined ? [] : [`cannot be read, what it held stays: ${problem}`];
  return [
    field("  ", "conf-dir", [`${path}: ${formatCount(files, "file", "files")}`, ...state]),
    ...refused.map(({ file, problem: why, earlier_version_counts }) => {
      const name = file.startsWith(`${path}/`) ? file.slice(path.length + 1) : file;
      const counts = earlier_version_counts ? "what it said before counts" : "it does not count";
      return field("  ", "", [`${name} is wrong, ${counts}: ${why}`]);
    }),
  ].join("");
}

function formatAvailability(label: string, choices: readonly Availability[]): string {
  const there = choices.filter((choice) => choice.available).map((choice) => choice.name);
  const missing = choices.filter((choice) => !choice.available);
  return [
    field("  ", label, there.length === 0 ? ["none"] : there),
    ...missing.map(({ name, reason }) => field("  ", "", [`no ${name}: ${reason ?? "not there"}`])),
  ].join("");
}

function formatProject(project: ProjectStatus, status: ServerStatus): string {
  const swapcache = project.swapcache_wmark;
  const limits = [
    ...(project.sysmem_threshold_percent === undefined
      ? []
      : [`swaps while less than ${project.sysmem_threshold_percent} % of memory is available`]),
    ...(swapcache === undefined
      ? []
      : [`swap cache from ${swapcache.high_percent} % down to ${swapcache.low_percent} %`]),
    ...(project.tracker === "auto" ? [] : [`tracker ${project.tracker}`]),
    ...(project.mover === "auto" ? [] : [`mover ${project.mover}`]),
  ];
  return [
    "\n",
    wrap("", [
      `project ${project.name}`,
      project.started ? "started" : "stopped",
      ...(project.dry_run === undefined ? [] : ["dry run (moves nothing)"]),
      project.persistent ? "persistent" : "not persistent",
      formatRoundPlan(project),
    ]),
    limits.length === 0 ? "" : field("  ", "set", limits),
    project.waits_for === undefined ? "" : field("  ", "waits", [project.waits_for]),
    ...project.engines.map((engine) => formatEngine(engine, project, status)),
  ].join("");
}

/** As `project start` logs it. */
function formatRoundPlan({ scan_type: type, loop, interval_us, sleep_us }: ProjectStatus): string {
  if (type === "psi") return `a round every ${formatDuration(interval_us)}`;
  const apart = loop === 1 ? "" : ` ${formatDuration(interval_us)} apart`;
  const pause = `then ${formatDuration(sleep_us)} pause`;
  return `round: ${formatCount(loop, "scan", "scans")}${apart}, ${pause}`;
}

function formatEngine(
  engine: EngineStatus,
  { started, dry_run }: ProjectStatus,
  status: ServerStatus,
): string {
  return [
    wrap("  ", [
      engine.kind === engine.name
        ? `engine ${engine.name}`
        : `engine ${engine.name} (${engine.kind})`,
    ]),
    engine.tasks.length === 0 ? "    no task\n" : "",
    ...engine.tasks.map((task) =>
      formatTask(task, {
        isProjectStarted: started,
        isDryRun: dry_run === true,
        hasRounds: engine.kind !== "thirdparty",
        pmdBytes: status.memory.pmd_size_bytes,
      })
    ),
  ].join("");
}

/** Where a task stands. */
interface TaskSurroundings {
  readonly isProjectStarted: boolean;
  readonly isDryRun: boolean;
  /** The rounds of a third-party engine are its own affair. */
  readonly hasRounds: boolean;
  readonly pmdBytes: number;
}

function formatMoveRate(bytes: number | undefined): string[] {
  return bytes === undefined ? [] : [`at most ${formatBytes(bytes)}/s`];
}

function formatTask(
  task: TaskStatus,
  { isProjectStarted, isDryRun, hasRounds, pmdBytes }: TaskSurroundings,
): string {
  const running = task.rounds.find((round) => round.state === "running");
  const last = task.rounds.find((round) => round.state !== "running");
  return [
    wrap("    ", [
      `task ${task.name}`,
      `${task.type} ${task.value}`,
      task.started ? "started" : "stopped",
      ...(task.tracker === undefined ? [] : [`tracker ${task.tracker}`]),
      ...(task.mover === undefined ? [] : [`mover ${task.mover}`]),
      ...formatMoveRate(task.move_rate_bytes),
    ]),
    task.failed === undefined ? "" : wrap("      ", [
      `failed: ${task.failed}`,
      // One that goes on tries again by itself.
      ...(isProjectStarted && !task.started ? ["stop and start the project"] : []),
    ]),
    ...(task.warnings ?? []).map((warning) => wrap("      ", [`warning: ${warning}`])),
    running === undefined ? "" : formatRound(running, pmdBytes, isDryRun),
    last === undefined ? "" : formatRound(last, pmdBytes, isDryRun),
    hasRounds ? formatTotal(task, isDryRun) : "",
  ].join("");
}
