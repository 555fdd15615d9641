/** Memory of a task's process, or of all tasks, on one node. */
export interface NodePages {
  readonly node: number;
  readonly usedBytes: number;
  readonly hotBytes: number;
  readonly coldBytes: number;
}

/** The same with what the node has altogether. */
export interface HostNodePages extends NodePages {
  readonly totalBytes: number;
}

/** The pages of one process of a task. */
export interface ProcessPages {
  readonly pid: number;
  readonly nodes: readonly NodePages[];
}

/** The same, where processes share memory. */
export interface SharedProcessPages extends ProcessPages {
  /** What of it is counted for another process that has it too. */
  readonly repeated: readonly NodePages[];
}

const NODE_WIDTH = 5;
const SIZE_WIDTH = 10;

/** A line of `%5s %10s %10s %10s`, and one more `%10s` where there is a fifth column. */
function line([node, ...sizes]: readonly [string, ...string[]]): string {
  return `${
    [node.padStart(NODE_WIDTH), ...sizes.map((size) => size.padStart(SIZE_WIDTH))].join(" ")
  }\n`;
}

function kilobytes(bytes: number): string {
  return String(Math.round(bytes / 1024));
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** Local time as `2024-05-31 23:59:59`. */
function localTime(time: Date): string {
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day} ${clock}`;
}

/** The answer to showtaskpages: a table for each process. */
export function taskPagesTable(time: Date, processes: readonly ProcessPages[]): string {
  return processes.map(({ pid, nodes }) =>
    `[${localTime(time)}] task ${pid} pages info (KB):\n` +
    line(["node", "used", "hot", "cold"]) +
    nodes.map(({ node, usedBytes, hotBytes, coldBytes }) =>
      line([String(node), ...[usedBytes, hotBytes, coldBytes].map(kilobytes)])
    ).join("")
  ).join("");
}

/** The answer to showhostpages. */
export function hostPagesTable(time: Date, nodes: readonly HostNodePages[]): string {
  return `[${localTime(time)}] host pages info (KB):\n` +
    line(["node", "total", "used", "hot", "cold"]) +
    nodes.map(({ node, totalBytes, usedBytes, hotBytes, coldBytes }) =>
      line([String(node), ...[totalBytes, usedBytes, hotBytes, coldBytes].map(kilobytes)])
    ).join("");
}

/** Of a JSON document: names stay as they are. */
export interface NodePagesDocument {
  node: number;
  used_bytes: number;
  hot_bytes: number;
  cold_bytes: number;
}

/** `etmem engine showtaskpages --json`. */
export interface TaskPagesDocument {
  /** ISO 8601 in UTC. */
  taken_at: string;
  task: string;
  processes: { pid: number; nodes: NodePagesDocument[] }[];
}

/** `etmem engine showhostpages --json`. */
export interface HostPagesDocument {
  /** ISO 8601 in UTC. */
  taken_at: string;
  nodes: (NodePagesDocument & { total_bytes: number })[];
}

function nodeDocument({ node, usedBytes, hotBytes, coldBytes }: NodePages): NodePagesDocument {
  return { node, used_bytes: usedBytes, hot_bytes: hotBytes, cold_bytes: coldBytes };
}

/** The answer to showtaskpages as a JSON document. */
export function taskPagesDocument(
  time: Date,
  task: string,
  processes: readonly ProcessPages[],
): TaskPagesDocument {
  return {
    taken_at: time.toISOString(),
    task,
    processes: processes.map(({ pid, nodes }) => ({ pid, nodes: nodes.map(nodeDocument) })),
  };
}

/** The answer to showhostpages as a JSON document. */
export function hostPagesDocument(time: Date, nodes: readonly HostNodePages[]): HostPagesDocument {
  return {
    taken_at: time.toISOString(),
    nodes: nodes.map((node) => Object.assign({ total_bytes: node.totalBytes }, nodeDocument(node))),
  };
}
