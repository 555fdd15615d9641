import type { ServerStatus } from "../status/server_status.ts";
import { bodyHeight, type Scene, type Size } from "./scene.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "../text/quantities.ts";
import type { Line } from "./line.ts";
import { helpLines } from "./help_view.ts";
import { tableLines } from "./table_view.ts";
import { taskLines } from "./task_view.ts";
import { shortPercent } from "./quantities.ts";
import type { ViewState } from "./view_state.ts";

/** The whole screen, `height` lines of it. */
export function screenLines(scene: Scene, size: Size): Line[] {
  const body = bodyLines(scene, size);
  const blank = Array.from({ length: bodyHeight(size) - body.length }, (): Line => []);
  return [...headLines(scene), ...body, ...blank, ...footLines(scene)].slice(0, size.height);
}

function bodyLines(scene: Scene, size: Size): Line[] {
  const { state, status } = scene;
  const room = { width: size.width, height: bodyHeight(size) };
  if (state.view === "help") return window(helpLines(), state, room.height);
  if (status === undefined) return [];
  if (state.view === "task") {
    return window(taskLines(scene, room.width), state, room.height);
  }
  return tableLines(scene, room);
}

/** The part of a longer text that fits; it scrolls no further than to its end. */
function window(lines: readonly Line[], state: ViewState, height: number): Line[] {
  state.scroll = Math.min(state.scroll, Math.max(0, lines.length - height));
  return lines.slice(state.scroll, state.scroll + height);
}

function headLines({ status, socket, gone, serverCpuPercent }: Scene): Line[] {
  const first: Line = gone === undefined
    ? [{ text: `etmem top  ${socket}  `, style: "bold" }, {
      text: serverText(status, serverCpuPercent),
    }]
    : [{ text: `etmem top  ${socket}  `, style: "bold" }, { text: gone, style: "bad" }];
  if (status === undefined) return [first, [], []];
  const { memory, swap, projects } = status;
  const tasks = projects.flatMap(({ engines }) => engines.flatMap((engine) => engine.tasks));
  const store = swap.store_bytes === undefined || swap.store_bytes === 0
    ? ""
    : `, takes ${formatBytes(swap.store_bytes)}`;
  return [
    first,
    [{
      text: `memory ${formatBytes(memory.total_bytes)}, ${
        formatShare(memory.available_bytes, memory.total_bytes)
      } available; swap ${formatBytes(swap.total_bytes)}, ${
        formatShare(swap.free_bytes, swap.total_bytes)
      } free${store}`,
    }],
    [{
      text: `${formatCount(projects.length, "project", "projects")}, ${
        formatCount(tasks.length, "task", "tasks")
      }, ${tasks.filter(({ started }) => started).length} started`,
    }],
  ];
}

function serverText(status: ServerStatus | undefined, cpuPercent: number | undefined): string {
  if (status === undefined) return "asks the server";
  const { server } = status;
  return [
    `etmemd ${server.version} up ${formatDuration(server.up_us)}`,
    ...(cpuPercent === undefined ? [] : [`CPU ${shortPercent(cpuPercent)}`]),
    formatBytes(server.rss_bytes),
    formatCount(server.workers, "worker", "workers"),
    ...(server.work_waits === undefined ? [] : [server.work_waits]),
  ].join("  ");
}

function footLines({ state }: Scene): Line[] {
  const why = state.selected?.row;
  const reason: Line = why === undefined || state.view !== "table" ? [] : [
    { text: `${why.project}/${why.task}: `, style: "bold" },
    { text: why.reasons.length === 0 ? why.state : why.reasons.join("; ") },
  ];
  const keys = state.isTyping
    ? `filter: ${state.filter}_   Enter keeps it, Esc drops it`
    : state.view === "table"
    ? `q quit  h help  Enter a task  s sort (${state.sortedBy})  r reverse  / filter${
      state.filter === "" ? "" : ` (${state.filter})`
    }${state.isHeld ? "  HELD: p goes on" : "  p hold"}`
    : "q or Esc back  arrows scroll";
  return [reason, [{ text: keys, style: "reverse" }]];
}
