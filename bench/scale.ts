import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMemInfo } from "../src/procfs/meminfo.ts";
import type { Benchmark } from "./benchmark.ts";
import { compileC } from "./compile_c.ts";
import type { Figure, Outcome } from "./figure.ts";
import { inFolder } from "./in_folder.ts";
import { writeProject } from "./many_tasks.ts";
import { processCpuSeconds } from "./process_cpu_clock.ts";
import { sizesOf } from "./process_cost.ts";
import { ServerUnderTest } from "./server_under_test.ts";
import { timedRequestMs } from "./timed_request.ts";
import { SHOW_V1, STATUS_V2 } from "../tests/system/raw_client.ts";

const MIB = 2 ** 20;
const MB = 1e6;
const MINUTE_MS = 60_000;
const SAMPLE_MS = 1_000;
/** That nothing moves any more is seen in so many looks. */
const SAME_LOOKS = 4;
const LOOK_MS = 10_000;
/** What may move between two of them: processes that are awake use a page. */
const SMALL_MOVES = 8 * MIB;
/** What a command may take with its client. */
const COMMAND_MS = 8;
/** What an answer may take, in ms. */
const ANSWER_MS = 200;
/** After so long without a byte a request is refused. */
const SILENCE_MS = 8000;
/** Of each command, and of each kind of answer. */
const COMMANDS = 50;

/** How many projects of one task there are, and what each task is about. */
interface Scale {
  readonly projects: number;
  readonly targetBytes: number;
  /** Each process wakes up so often; 0: never. */
  readonly wakeSeconds: number;
  readonly isMeasuredForAMinute: boolean;
}

function once(what: string, unit: string, value: number, limit?: number): Figure {
  const targets = limit === undefined ? [] : [{ of: "median", is: "at most", limit } as const];
  return { what, unit, values: [value], targets };
}

/** Processes with memory of their own that do nothing: scale_targets.c. */
class ScaleTargets implements Disposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  pids: readonly number[] = [];

  private constructor(command: string[]) {
    this.#child = Bun.spawn(command, { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Starts them and waits until their memory is filled. @param folder for the executable. */
  static async start(folder: string, of: Scale): Promise<ScaleTargets> {
    const executable = compileC(join(import.meta.dir, "scale_targets.c"), folder);
    const { projects, targetBytes, wakeSeconds } = of;
    const numbers = [projects, targetBytes, wakeSeconds].map(String);
    const targets = new ScaleTargets([executable, ...numbers]);
    let text = "";
    const decoder = new TextDecoder();
    for await (const piece of targets.#child.stdout) {
      text += decoder.decode(piece);
      targets.pids = text.trimEnd().split("\n").map(Number);
      if (text.endsWith("\n") && targets.pids.length === projects) return targets;
    }
    targets[Symbol.dispose]();
    throw new Error("the targets could not fill their memory");
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}

/** What a client's command takes. */
interface CommandCost {
  readonly wallMs: number[];
  /** Of the client. */
  readonly clientMs: number[];
  /** Of the server, with what else it does meanwhile. */
  readonly serverMs: number[];
}

function noCost(): CommandCost {
  return { wallMs: [], clientMs: [], serverMs: [] };
}

/** A server with many projects of one task each. */
class ManyProjects {
  readonly #server: ServerUnderTest;
  readonly #folder: string;

  constructor(server: ServerUnderTest, folder: string) {
    this.#server = server;
    this.#folder = folder;
  }

  #file(i: number): string {
    return join(this.#folder, `p${i}.conf`);
  }

  writeFile(i: number, pid: number): void {
    writeProject(this.#folder, i, ["type=pid", `value=${pid}`], 10);
  }

  /** Runs a client. */
  #time(cost: CommandCost, ...args: readonly string[]): void {
    const { pid, socket } = this.#server;
    const command = [`${import.meta.dir}/../dist/etmem`, ...args, "-s", socket];
    const before = processCpuSeconds(pid);
    const begin = performance.now();
    const { success, stderr, resourceUsage } = Bun.spawnSync(command, { stdin: "ignore" });
    cost.wallMs.push(performance.now() - begin);
    if (!success) throw new Error(`${args.join(" ")}: ${stderr.toString().trim()}`);
    cost.clientMs.push(Number(resourceUsage.cpuTime.total) / 1000);
    cost.serverMs.push((processCpuSeconds(pid) - before) * 1000);
  }

  add(i: number, cost: CommandCost): void {
    this.#time(cost, "obj", "add", "-f", this.#file(i));
  }

  start(i: number, cost: CommandCost): void {
    this.#time(cost, "project", "start", "-n", `p${i}`);
  }

  stop(i: number, cost: CommandCost): void {
    this.#time(cost, "project", "stop", "-n", `p${i}`);
  }

  remove(i: number, cost: CommandCost): void {
    this.#time(cost, "obj", "del", "-f", this.#file(i));
  }

  /** Adds or removes all of them with one file. */
  changeAll(verb: "add" | "del", count: number, cost: CommandCost): void {
    const path = join(this.#folder, "all.conf");
    const texts = Array.from({ length: count }, (_, i) => readFileSync(this.#file(i), "utf8"));
    writeFileSync(path, texts.join("\n"), { mode: 0o600 });
    this.#time(cost, "obj", verb, "-f", path);
  }

  show(cost: CommandCost): void {
    this.#time(cost, "project", "show");
  }

  status(cost: CommandCost, ...which: readonly string[]): void {
    this.#time(cost, "status", ...which);
  }
}

function figuresOf(what: string, cost: CommandCost, limit?: number): Figure[] {
  const { wallMs, clientMs, serverMs } = cost;
  const targets = limit === undefined ? [] : [{ of: "median", is: "at most", limit } as const];
  return [
    { what, unit: "ms", values: wallMs, targets },
    { what: `${what}, CPU of the client`, unit: "ms", values: clientMs },
    { what: `${what}, CPU of etmemd`, unit: "ms", values: serverMs },
  ];
}

/** How the commands of the last tenth compare with those of the first: 1 is linear. */
function growth(what: string, { serverMs }: CommandCost): Figure {
  const tenth = Math.ceil(serverMs.length / 10);
  return {
    what: `${what}, CPU of etmemd, last tenth of ${serverMs.length}`,
    unit: "ms",
    values: serverMs.slice(-tenth),
    baseline: { name: "first tenth", values: serverMs.slice(0, tenth) },
  };
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What a server takes in the next minute. */
async function minute(what: string, { pid }: ServerUnderTest, { wakeSeconds }: Scale) {
  const isHeld = wakeSeconds === 0;
  const begin = processCpuSeconds(pid);
  const end = performance.now() + MINUTE_MS;
  const open: number[] = [];
  while (performance.now() < end) {
    await Bun.sleep(SAMPLE_MS);
    open.push(descriptors(pid));
  }
  const cpu = processCpuSeconds(pid) - begin;
  const { VmRSS, RssAnon } = sizesOf(pid, ["VmRSS", "RssAnon"]);
  return [
    once(`${what}, CPU in a minute`, "s", cpu, isHeld ? 1 : undefined),
    once(`${what}, VmRSS`, "MB", VmRSS / MB, isHeld ? 80 : undefined),
    once(`${what}, RssAnon`, "MB", RssAnon / MB),
    { what: `${what}, descriptors`, unit: "", values: open },
  ];
}

/** What all tasks have moved, in bytes. */
async function movedBytes(server: ServerUnderTest): Promise<number> {
  const { projects } = await server.status();
  const tasks = projects.flatMap(({ engines }) => engines.flatMap((engine) => engine.tasks));
  return tasks.reduce((sum, { total }) => sum + total.moved_bytes, 0);
}

/** Waits until the tasks have moved what there is to move. */
async function untilSettled(server: ServerUnderTest): Promise<void> {
  let before = -1;
  for (let same = 0; same < SAME_LOOKS;) {
    await Bun.sleep(LOOK_MS);
    const now = await movedBytes(server);
    same = now > 0 && now - before <= SMALL_MOVES ? same + 1 : 0;
    before = now;
  }
}

async function answers(what: string, socket: string, request: string): Promise<Figure> {
  const values: number[] = [];
  for (let i = 0; i < COMMANDS; i++) values.push(await timedRequestMs(socket, request));
  return { what, unit: "ms", values, targets: [{ of: "median", is: "at most", limit: ANSWER_MS }] };
}

/** Adds, starts, stops and removes all of them, one by one, with a client each. */
async function commands(many: ManyProjects, { projects }: Scale, between: () => Promise<void>) {
  const costs = { add: noCost(), start: noCost(), stop: noCost(), del: noCost() };
  for (let i = 0; i < projects; i++) many.add(i, costs.add);
  for (let i = 0; i < projects; i++) many.start(i, costs.start);
  await between();
  for (let i = 0; i < projects; i++) many.stop(i, costs.stop);
  for (let i = 0; i < projects; i++) many.remove(i, costs.del);
  const figures = Object.entries(costs).flatMap(([name, cost]) => {
    const what = `${projects} projects, ${name}`;
    return figuresOf(what, cost, COMMAND_MS).concat(growth(what, cost));
  });
  return [...figures, ...changesOfAll(many, projects)];
}

/** One file that adds all of them, and one that removes them when they are started. */
function changesOfAll(many: ManyProjects, projects: number): Figure[] {
  const [add, del] = [noCost(), noCost()];
  many.changeAll("add", projects, add);
  for (let i = 0; i < projects; i++) many.start(i, noCost());
  many.changeAll("del", projects, del);
  return [
    ...figuresOf(`${projects} projects, add with one file`, add),
    ...figuresOf(`${projects} started projects, del with one file`, del, SILENCE_MS),
  ];
}

/** What many projects take in a minute, and what each command takes meanwhile. */
async function measure(folder: string, of: Scale): Promise<Outcome[]> {
  using targets = await ScaleTargets.start(folder, of);
  await using server = await ServerUnderTest.start(folder);
  const many = new ManyProjects(server, folder);
  for (const [i, pid] of targets.pids.entries()) many.writeFile(i, pid);
  const what = `${of.projects} projects, ${of.wakeSeconds === 0 ? "idle" : "awake"}`;
  const outcomes: Outcome[] = [];
  const costs = await commands(many, of, async () => {
    await untilSettled(server);
    if (of.isMeasuredForAMinute) outcomes.push(...await minute(what, server, of));
    const one = noCost();
    for (let i = 0; i < COMMANDS; i++) many.status(one, "-n", `p${i}`);
    outcomes.push(
      ...figuresOf(`${what}, status -n`, one, COMMAND_MS),
      await answers(`${what}, answer to show`, server.socket, SHOW_V1),
      await answers(`${what}, answer to status`, server.socket, STATUS_V2),
    );
    const [show, all] = [noCost(), noCost()];
    for (let i = 0; i < COMMANDS / 10; i++) {
      many.show(show);
      many.status(all);
    }
    outcomes.push(
      ...figuresOf(`${what}, etmem project show`, show),
      ...figuresOf(`${what}, etmem status`, all),
    );
  });
  return [...outcomes, ...costs];
}

function whyNot({ projects, targetBytes }: Scale): string | undefined {
  const needed = 1.2 * projects * targetBytes;
  const { availableBytes } = readMemInfo();
  if (availableBytes >= needed) return undefined;
  return `it needs ${Math.ceil(needed / MIB)} MiB of available memory`;
}

function benchmark(name: string, about: string, scales: readonly Scale[]): Benchmark {
  const run = async (of: Scale): Promise<Outcome[]> => {
    const reason = whyNot(of);
    if (reason !== undefined) return [{ what: `${of.projects} projects`, reason }];
    return await inFolder(of.projects * of.targetBytes, (folder) => measure(folder, of));
  };
  return {
    name,
    about,
    isLong: true,
    run: async () => {
      const outcomes: Outcome[] = [];
      for (const of of scales) outcomes.push(...await run(of));
      return outcomes;
    },
  };
}

export const SCALE = benchmark(
  "scale",
  "500 projects of one task (loop=1 interval=10 sleep=10) about a process of 20 MiB each",
  [
    { projects: 500, targetBytes: 20 * MIB, wakeSeconds: 0, isMeasuredForAMinute: true },
    { projects: 500, targetBytes: MIB, wakeSeconds: 1, isMeasuredForAMinute: true },
  ],
);

export const SCALE_2000 = benchmark(
  "scale-2000",
  "commands to a server with 2000 such projects, about processes of 1 MiB",
  [{ projects: 2000, targetBytes: MIB, wakeSeconds: 0, isMeasuredForAMinute: false }],
);
