import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { ServerStatus } from "../../src/status/server_status.ts";
import type { TaskStatus } from "../../src/status/task_status.ts";
import { Random } from "../tools/fixtures/random.ts";
import { SEED } from "../tools/fixtures/seed.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { Installation } from "./conf_installation.ts";
import { ServerProcess } from "./server_process.ts";

// Files of --conf-dir are edited in bursts: CONF_EDITS edits, 100 where nobody says, chosen by
// CONF_SEED. npm run test:edits makes 1000, each time others.

const EDITS = Number(process.env["CONF_EDITS"] ?? 100);
const CONF_SEED = Number(process.env["CONF_SEED"] ?? SEED);
const FILES = ["a", "b", "c", "d", "e", "f", "g", "h"];
/** Files that are links to ..data, as the keys of a ConfigMap are. */
const KEYS = ["k", "l"];

const swap = TemporarySwap.make(2 ** 20);
afterAll(() => swap[Symbol.dispose]());
if (swap.missing !== undefined) console.log(`edits of --conf-dir: left out: ${swap.missing}`);

/** A project of one file: its tasks by name, each with the name of its targets. */
interface Content {
  readonly sleep: number;
  readonly tasks: Readonly<Record<string, string>>;
}

function textOf(project: string, { sleep, tasks }: Content): string {
  return [
    `[project]\nname=${project}\nloop=1\ninterval=1\nsleep=${sleep}\ntracker=smaps`,
    `[engine]\nname=slide\nproject=${project}`,
    ...Object.entries(tasks).map(([name, comm]) =>
      `[task]\nproject=${project}\nengine=slide\nname=${name}\ntype=name\nvalue=${comm}\nT=1`
    ),
    "",
  ].join("\n");
}

function randomContent(random: Random, before: Content | undefined): Content {
  const names = ["t", "u", "v", "w"].filter(() => random.chance(0.6));
  const tasks = Object.fromEntries(names.map((name) => [
    name,
    random.chance(0.6) ? before?.tasks[name] ?? "none-1" : `none-${random.below(4)}`,
  ]));
  const sleep = before === undefined || random.chance(0.15) ? random.between(1, 2) : before.sleep;
  return { sleep, tasks };
}

/** What is wrong with a file. */
const BREAKS: readonly ((text: string) => string)[] = [
  (text) => text.replace("loop=1", "loop=0"),
  (text) => text.slice(0, text.indexOf("slide") + 3),
  (text) => `${text}[task]\nname=x\n`,
  () => "",
];

/** The folder as it is edited, and what has to run. */
class Edits {
  /** The last good content of each file. */
  readonly good = new Map<string, Content>();
  readonly broken = new Set<string>();
  readonly #files: Installation;
  readonly #random: Random;
  #version = 0;

  constructor(files: Installation, random: Random) {
    this.#files = files;
    this.#random = random;
    this.#swapKeys(new Map(KEYS.map((key) => [key, randomContent(random, undefined)])));
    for (const key of KEYS) symlinkSync(`..data/${key}`, this.#at(key));
  }

  /** Makes some edits at once, of each file one at most. @returns how many. */
  burst(): number {
    const random = this.#random;
    const chosen = FILES.filter(() => random.chance(0.7));
    for (const file of chosen) this.#edit(file);
    if (random.chance(0.3)) {
      this.#swapKeys(
        new Map(KEYS.map((key) => [
          key,
          random.chance(0.5) ? this.good.get(key)! : randomContent(random, this.good.get(key)),
        ])),
      );
      return chosen.length + 1;
    }
    return chosen.length;
  }

  #at(name: string): string {
    return this.#files.at(`conf.d/${name}`);
  }

  #edit(file: string): void {
    const random = this.#random;
    const isThere = existsSync(this.#at(file));
    if (isThere && random.chance(0.15)) {
      unlinkSync(this.#at(file));
      this.good.delete(file);
      this.broken.delete(file);
      return;
    }
    const content = randomContent(random, this.good.get(file));
    const text = textOf(file, content);
    if (random.chance(0.25)) {
      this.#write(file, random.pick(BREAKS)(text));
      this.broken.add(file);
    } else if (isThere && random.chance(0.1)) {
      chmodSync(this.#at(file), 0o640);
      this.broken.add(file);
    } else {
      this.#write(file, text);
      this.good.set(file, content);
      this.broken.delete(file);
    }
  }

  /** Writes a file as one of several editors does. */
  #write(file: string, text: string): void {
    const path = this.#at(file);
    const random = this.#random;
    switch (random.below(4)) {
      case 0:
        // In place, in two steps.
        writeFileSync(path, text.slice(0, text.length / 2), { mode: 0o600 });
        chmodSync(path, 0o600);
        return writeFileSync(path, text);
      case 1:
        writeFileSync(this.#at(`.${file}.swp`), text, { mode: 0o600 });
        return renameSync(this.#at(`.${file}.swp`), path);
      case 2:
        if (existsSync(path)) renameSync(path, `${path}~`);
        return writeFileSync(path, text, { mode: 0o600 });
      default:
        rmSync(path, { force: true });
        writeFileSync(this.#at("4913"), "");
        unlinkSync(this.#at("4913"));
        writeFileSync(`${path}.new`, text, { mode: 0o600 });
        return renameSync(`${path}.new`, path);
    }
  }

  #swapKeys(contents: ReadonlyMap<string, Content>): void {
    const folder = `..${++this.#version}`;
    mkdirSync(this.#at(folder));
    for (const [key, content] of contents) {
      writeFileSync(this.#at(`${folder}/${key}`), textOf(key, content), { mode: 0o400 });
      this.good.set(key, content);
    }
    const old = existsSync(this.#at("..data")) ? readlinkSync(this.#at("..data")) : undefined;
    symlinkSync(folder, this.#at("..data_tmp"));
    renameSync(this.#at("..data_tmp"), this.#at("..data"));
    if (old !== undefined) rmSync(this.#at(old), { recursive: true });
  }
}

/** What a server has: tasks by `project/task`. */
interface Seen {
  readonly projects: Readonly<Record<string, Content>>;
  readonly tasks: ReadonlyMap<string, TaskStatus>;
  readonly broken: readonly string[];
}

async function look(server: ServerProcess): Promise<Seen> {
  const { stdout } = await server.etmem("status", "--json");
  const { projects, conf_dir } = JSON.parse(stdout) as ServerStatus;
  const tasks = new Map(
    projects.flatMap(({ name, engines }) =>
      engines.flatMap((engine) =>
        engine.tasks.map((task): [string, TaskStatus] => [`${name}/${task.name}`, task])
      )
    ),
  );
  const contents = projects.filter(({ started }) => started).map(({ name, sleep_us, engines }) => [
    name,
    {
      sleep: sleep_us / 1e6,
      tasks: Object.fromEntries(
        engines.flatMap((engine) => engine.tasks)
          .filter(({ started }) => started).map((task) => [task.name, task.value]),
      ),
    },
  ]);
  const broken = conf_dir?.refused.map(({ file }) => file.slice(file.lastIndexOf("/") + 1)) ?? [];
  return { projects: Object.fromEntries(contents), tasks, broken };
}

/** Expects that a task which did not change goes on with its rounds. */
function expectToGoOn(id: string, before: TaskStatus, after: TaskStatus | undefined): void {
  const [last] = before.rounds;
  const same = after?.rounds.find(({ number }) => number === last?.number);
  if (last === undefined) return;
  expect([id, after?.rounds[0]?.number]).toEqual([id, expect.any(Number) as number]);
  expect(after!.rounds[0]!.number).toBeGreaterThanOrEqual(last.number);
  // One of long ago is not kept.
  if (same !== undefined) expect([id, same.started_at]).toEqual([id, last.started_at]);
}

/** The tasks that two states have alike, in projects that are alike. */
function unchanged(before: Seen, after: Seen): string[] {
  return Object.entries(before.projects).flatMap(([project, { sleep, tasks }]) => {
    const now = after.projects[project];
    if (now?.sleep !== sleep) return [];
    return Object.keys(tasks).filter((name) => now.tasks[name] === tasks[name])
      .map((name) => `${project}/${name}`);
  });
}

test.skipIf(swap.missing !== undefined)(
  `--conf-dir follows ${EDITS} edits with CONF_SEED=${CONF_SEED}: what the last good files say runs, ` +
    "and what did not change goes on",
  async () => {
    using files = new Installation();
    const edits = new Edits(files, new Random(CONF_SEED));
    await using server = await ServerProcess.start({
      args: ["--conf-dir", files.confDir],
      env: { STATE_DIRECTORY: files.stateDir },
    });
    let before: Seen | undefined;
    let kept = 0;
    for (let done = 0; done < EDITS;) {
      done += before === undefined ? 0 : edits.burst();
      const wanted = Object.fromEntries(edits.good);
      const after = await waitFor(`${JSON.stringify(wanted)} after ${done} edits`, async () => {
        const seen = await look(server);
        const isRight = Bun.deepEquals(seen.projects, wanted) &&
          Bun.deepEquals(new Set(seen.broken), edits.broken);
        return isRight && seen;
      });
      for (const id of before === undefined ? [] : unchanged(before, after)) {
        kept++;
        expectToGoOn(id, before!.tasks.get(id)!, after.tasks.get(id));
      }
      before = after;
    }
    expect(kept).toBeGreaterThan(EDITS);
  },
);
