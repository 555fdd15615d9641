import { writeFileSync } from "node:fs";
import { engineProcessesOf } from "../../tools/fixtures/engines/engine_processes_of.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import type { Target, TargetProcess } from "../../tools/fixtures/target.ts";
import { PAGE_BYTES } from "../guest/address_space.ts";
import { demand, note } from "../guest/demand.ts";
import { installEngine } from "../guest/engine_library.ts";
import { setKernelSwap, swapOnZram } from "../guest/machine.ts";
import { type Groups, Server } from "../guest/server.ts";
import { MIB, startTarget, swappedPages } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const HUGE_BYTES = 2 * MIB;
const HUGE_POOL = "/proc/sys/vm/nr_hugepages";
const PTE = 0;
const PMD = 1;

type Keys = Readonly<Record<string, string | number>>;

/** A project of one third-party engine, with a task for each process. */
function engineConfig(
  engine: string,
  project: Keys,
  tasks: Readonly<Record<string, number>>,
): Groups {
  return [
    ["project", { name: "vm", loop: 1, interval: 1, sleep: 1, ...project }],
    ["engine", {
      name: "thirdparty",
      project: "vm",
      eng_name: engine,
      libname: installEngine(engine),
      ops_name: `${engine}_ops`,
    }],
    ...Object.entries(tasks).map(([name, value]): Groups[number] => [
      "task",
      { project: "vm", engine, name, type: "pid", value },
    ]),
  ];
}

/** Waits until the target has touched its hot pages twice, so that all were since now. */
async function untilTouched(targets: readonly Target[]): Promise<void> {
  const processes = targets.flatMap((target) => target.processes());
  const before = new Map(processes.map((one) => [one.pid, one.cycles]));
  await waitFor(
    "the targets to touch their hot pages",
    () =>
      targets.flatMap((target) => target.processes())
        .every(({ pid, cycles }) => cycles >= (before.get(pid) ?? 0) + 2),
  );
}

/** A page of the list that the engine has. */
interface Node {
  readonly type: number;
  readonly count: number;
}

/** What `print` of watcher.c wrote about a process, by address. */
function nodesOf(text: string, pid: number): Map<number, Node> {
  const nodes = new Map<number, Node>();
  let last = -1;
  for (const line of text.trim().split("\n")) {
    const [owner, first = 0, pages = 0, type = 0, count = 0] = line.split(" ").map(Number);
    if (owner !== pid) continue;
    for (let i = 0; i < pages; i++) {
      const address = first + i * (type === PMD ? HUGE_BYTES : PAGE_BYTES);
      demand(address > last, `the list is not sorted at ${address.toString(16)}`);
      nodes.set(address, { type, count });
      last = address;
    }
  }
  return nodes;
}

/**
 * What is wrong with the nodes of a target's mapping:
 * every second unit of the area is used in each scan.
 */
function faultsOf(
  process: TargetProcess,
  nodes: ReadonlyMap<number, Node>,
  unit: { readonly type: number; readonly bytes: number; readonly scans: number },
): string[] {
  const { start, sizeBytes, mappingStart, mappingBytes, strayPages } = process;
  let wrong = 0;
  for (let i = 0; i < sizeBytes / unit.bytes; i++) {
    const node = nodes.get(start + i * unit.bytes);
    const count = i % 2 === 0 ? unit.scans : 0;
    if (node?.type !== unit.type || node.count !== count) wrong += 1;
  }
  const around = [...nodes].filter(([address]) =>
    address >= mappingStart && address < mappingStart + mappingBytes &&
    (address < start || address >= start + sizeBytes)
  );
  const strays = around.filter(([, { type, count }]) => type === PTE && count === 0).length;
  const faults = [];
  if (wrong > 0) faults.push(`${wrong} units of process ${process.pid} are not as they should be`);
  if (around.length !== strayPages || strays !== strayPages) {
    faults.push(`${around.length} nodes beside the area, ${strays} idle, instead of ${strayPages}`);
  }
  return faults;
}

const scans: Scenario = {
  name: "engine_scans",
  deadlineSeconds: 120,
  async run() {
    writeFileSync(HUGE_POOL, "8");
    const hot = "every:2";
    const small = await startTarget({ sizeBytes: 8 * MIB, hot, reserveBytes: 2 ** 40 });
    const huge = await startTarget({ sizeBytes: 16 * MIB, hot, huge: true, unitBytes: HUGE_BYTES });
    const hugetlb = await startTarget({
      sizeBytes: 8 * MIB,
      hot,
      hugetlb: true,
      unitBytes: HUGE_BYTES,
    });
    const targets = { small, huge, hugetlb };
    const server = await Server.start();
    const pids = Object.entries(targets).map(([name, { pid }]): [string, number] => [name, pid]);
    await server.add(engineConfig("watcher", {}, Object.fromEntries(pids)));
    await server.etmem("project", "start", "-n", "vm");
    const command = (name: string, task: string): Promise<string> =>
      server.etmem("engine", name, "-n", "vm", "-e", "watcher", "-t", task);
    for (const task of Object.keys(targets)) await command("reset", task);
    const counted = 2;
    for (let i = 0; i < counted; i++) {
      await untilTouched(Object.values(targets));
      for (const task of Object.keys(targets)) await command("scan", task);
    }
    for (const [task, target] of Object.entries(targets)) {
      const [process] = target.processes();
      demand(process !== undefined, `the target of ${task} is not there`);
      const unit = task === "small"
        ? { type: PTE, bytes: PAGE_BYTES, scans: counted }
        : { type: PMD, bytes: HUGE_BYTES, scans: counted };
      const nodes = nodesOf(await command("print", task), process.pid);
      const faults = faultsOf(process, nodes, unit);
      demand(faults.length === 0, `${task}: ${faults.join("; ")}`);
    }
    // A process that is gone is the engine's to deal with; nothing else changes.
    small[Symbol.dispose]();
    await small.exited;
    const { status, stderr } = await server.client(
      "engine",
      "scan",
      "-n",
      "vm",
      "-e",
      "watcher",
      "-t",
      "small",
    );
    demand(
      status === 1 && stderr.includes("engine watcher: eng_mgt_func returned 1"),
      `a scan of a process that is gone: status ${status}: ${stderr}`,
    );
    await command("scan", "huge");
    await server.etmem("project", "stop", "-n", "vm");
  },
};

const example: Scenario = {
  name: "engine_example",
  deadlineSeconds: 120,
  async run() {
    swapOnZram(256);
    setKernelSwap(false);
    const target = await startTarget({ sizeBytes: 32 * MIB, hot: "every:16" });
    const server = await Server.start();
    await server.add(engineConfig("idle_twice", {}, { cold: target.pid }));
    await server.etmem("project", "start", "-n", "vm");
    const [process] = target.processes();
    demand(process !== undefined, "the target is not there");
    const cold = process.sizeBytes / PAGE_BYTES - process.hotPages;
    await waitFor(
      "the cold pages to be in swap",
      () => swappedPages(target, process).cold === cold,
    );
    demand(swappedPages(target, process).hot === 0, "hot pages are in swap");
    const began = performance.now();
    await server.etmem("project", "stop", "-n", "vm");
    note({ stopMs: performance.now() - began });
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
    demand(
      target.processes().every(({ wrongTouches }) => wrongTouches === 0),
      "a touch read something wrong",
    );
    demand(
      engineProcessesOf(server.pid).length === 1,
      "the engine's process has ended with the stop",
    );
    await server.etmem("obj", "del", "-f", "/tmp/config-1");
    demand(engineProcessesOf(server.pid).length === 0, "the engine's process is left");
  },
};

/** Third-party engines in the server on a kernel with the etmem interface. */
export const engines: readonly Scenario[] = [scans, example];
