import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { askStatus } from "./ask_status.ts";
import { freshName, isListening } from "./server_process.ts";

/**
 * What a Kubernetes operator in the field does with the original, on the executable that is
 * shipped: a project for each process, by commands whose exit status is all that it looks at.
 */
const DIST = join(import.meta.dir, "../../dist");
const PROJECTS = 100;
const MIB = 2 ** 20;

const name = freshName();
const folder = mkdtempSync(join(tmpdir(), "etmem-operator-"));
const targets = Array.from(
  { length: PROJECTS },
  () => Bun.spawn(["sleep", "3600"], { stdio: ["ignore", "ignore", "ignore"] }),
);
const swap = TemporarySwap.make(MIB);
const server = Bun.spawn([join(DIST, "etmemd"), "-l", "0", "-s", name], {
  argv0: "/usr/bin/etmemd",
  stdio: ["ignore", "ignore", "ignore"],
});

beforeAll(() => waitFor("the server to listen", () => isListening(name)));

afterAll(async () => {
  for (const target of targets) target.kill("SIGKILL");
  server.kill("SIGKILL");
  await Promise.all([server, ...targets].map(({ exited }) => exited));
  swap[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/**
 * A project's name: namespace, pod, command and pid, filled up to the 64 bytes that they come to.
 */
function projectOf(pid: number): string {
  const end = `-sleep-p${pid}`;
  return `default-${"x".repeat(64 - "default-".length - end.length)}${end}`;
}

/** The file that the operator writes for a process. */
function fileOf(pid: number, index: number): string {
  const path = join(folder, `${projectOf(pid)}.conf`);
  const lines = [
    "[project]",
    `name=${projectOf(pid)}`,
    "scan_type=page",
    "loop=1",
    "interval=1",
    "sleep=1",
    `sysmem_threshold=${85 + index % 15}`,
    "swapcache_high_wmark=5",
    "swapcache_low_wmark=3",
    "[engine]",
    "name=slide",
    `project=${projectOf(pid)}`,
    "[task]",
    `project=${projectOf(pid)}`,
    "engine=slide",
    `name=${projectOf(pid)}_task_0`,
    "type=pid",
    `value=${pid}`,
    "T=1",
    "max_threads=1",
    "swap_flag=no",
    "",
  ];
  writeFileSync(path, lines.join("\n"), { mode: 0o600 });
  return path;
}

function etmem(...args: string[]): { status: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    join(DIST, "etmem"),
    ...args,
    "-s",
    name,
  ]);
  return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** Runs a line of the operator's scripts on the table of `project show`. */
function throughShell(table: string, command: string): string {
  return Bun.spawnSync(["sh", "-c", command], { stdin: Buffer.from(table) }).stdout.toString();
}

test(
  `an operator's day: ${PROJECTS} projects of one process each, shown, stopped and deleted`,
  async () => {
    expect(swap.missing).toBeUndefined();
    const pgrep = Bun.spawnSync(["pgrep", "-f", `/usr/bin/etmemd -l 0 -s ${name}`]);
    expect(pgrep.stdout.toString()).toBe(`${server.pid}\n`);

    const statuses = targets.map(({ pid }, index) => {
      const added = etmem("obj", "add", "-f", fileOf(pid, index));
      const started = etmem("project", "start", "-n", projectOf(pid));
      const shown = etmem("project", "show", "-n", projectOf(pid));
      return [added.status, started.status, shown.status];
    });
    expect(statuses).toEqual(targets.map(() => [0, 0, 0]));

    const table = etmem("project", "show").stdout;
    expect(throughShell(table, 'grep -c "^project:"')).toBe(`${PROJECTS}\n`);
    expect(throughShell(table, "grep '^project:' | awk '{print $2}' | sort")).toBe(
      targets.map(({ pid }) => `${projectOf(pid)}\n`).sort().join(""),
    );
    expect(throughShell(table, "grep -c true")).toBe(`${PROJECTS}\n`);
    const tasks = throughShell(table, "grep true | awk '{print $4}' | sort");
    expect(tasks).toBe(targets.map(({ pid }) => `${projectOf(pid)}_task_0\n`).sort().join(""));

    // Each of them works, and says what of its file this kernel cannot do.
    await waitFor("a round of every project", async () => {
      const { projects } = await askStatus(name);
      return projects.every(({ engines }) => (engines[0]?.tasks[0]?.total.rounds ?? 0) > 0);
    });
    const { projects } = await askStatus(name);
    const warnings = new Set(
      projects.flatMap(({ engines }) => engines[0]?.tasks[0]?.warnings ?? []),
    );
    expect([...warnings]).toEqual([
      "swapcache_high_wmark and swapcache_low_wmark have no effect: only the mover swap_pages can reclaim the swap cache",
    ]);

    const ends = targets.map(({ pid }, index) => {
      const stopped = etmem("project", "stop", "-n", projectOf(pid));
      const deleted = etmem("obj", "del", "-f", fileOf(pid, index));
      return [stopped.status, deleted.status];
    });
    expect(ends).toEqual(targets.map(() => [0, 0]));
    expect(etmem("project", "show").stdout).toBe("no project exists\n\n");
  },
  300_000,
);
