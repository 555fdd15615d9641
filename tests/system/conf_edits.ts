import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { ServerStatus } from "../../src/status/server_status.ts";
import type { TaskStatus } from "../../src/status/task_status.ts";
import type { Random } from "../tools/fixtures/random.ts";

const FILES = ["a", "b", "c", "d", "e", "f", "g", "h"];
/** Files that are links to ..data, as the keys of a ConfigMap are. */
const KEYS = ["k", "l"];

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
export class ConfEdits {
  /** The last good content of each file. */
  readonly good = new Map<string, Content>();
  readonly broken = new Set<string>();
  readonly #folder: string;
  readonly #random: Random;
  #version = 0;

  /** @param folder empty. */
  constructor(folder: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
  }

  /** Whether a server has what the last good files say, and knows which are broken. */
  areFollowedBy({ projects, broken }: SeenProjects): boolean {
    return Bun.deepEquals(projects, Object.fromEntries(this.good)) &&
      Bun.deepEquals(broken, this.broken);
  }

  /** Removes all files. */
  clear(): void {
    for (const name of readdirSync(this.#folder)) rmSync(this.#at(name), { recursive: true });
    this.good.clear();
    this.broken.clear();
  }

  /** Makes some edits at once, of each file one at most. @returns how many. */
  burst(): number {
    const random = this.#random;
    const chosen = FILES.filter(() => random.chance(0.7));
    for (const file of chosen) this.#edit(file);
    if (!random.chance(0.3)) return chosen.length;
    this.#swapKeys(
      new Map(KEYS.map((key) => {
        const before = this.good.get(key);
        const stays = before !== undefined && random.chance(0.5);
        return [key, stays ? before : randomContent(random, before)];
      })),
    );
    return chosen.length + 1;
  }

  #at(name: string): string {
    return join(this.#folder, name);
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

  /**
   * Writes a file as one of several editors does. None leaves it away, or half, for a moment: on a
   * busy machine such a moment is long enough to count.
   */
  #write(file: string, text: string): void {
    const path = this.#at(file);
    switch (this.#random.below(4)) {
      case 0:
        return this.#writeInPlace(path, text);
      case 1:
        writeFileSync(this.#at(`.${file}.swp`), text, { mode: 0o600 });
        return renameSync(this.#at(`.${file}.swp`), path);
      case 2:
        writeFileSync(`${path}~`, "what it was", { mode: 0o600 });
        return this.#writeInPlace(path, text);
      default:
        writeFileSync(this.#at(".4913"), "");
        unlinkSync(this.#at(".4913"));
        writeFileSync(`${path}.new`, text, { mode: 0o600 });
        return renameSync(`${path}.new`, path);
    }
  }

  /** In two steps, the first of which may leave a file that is right. */
  #writeInPlace(path: string, text: string): void {
    const fd = openSync(path, "w", 0o600);
    try {
      writeSync(fd, text.slice(0, text.length / 2));
      fchmodSync(fd, 0o600);
      writeSync(fd, text.slice(text.length / 2));
    } finally {
      closeSync(fd);
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
    if (old !== undefined) return rmSync(this.#at(old), { recursive: true });
    for (const key of contents.keys()) symlinkSync(`..data/${key}`, this.#at(key));
  }
}

/** What a server has of the folder. */
export interface SeenProjects {
  /** The started projects with their started tasks. */
  readonly projects: Readonly<Record<string, Content>>;
  /** By `project/task`. */
  readonly tasks: ReadonlyMap<string, TaskStatus>;
  /** The files that do not count as they are. */
  readonly broken: ReadonlySet<string>;
}

/** What a status says of the projects of the folder. */
export function projectsIn({ projects, conf_dir }: ServerStatus): SeenProjects {
  const own = projects.filter(({ name }) => [...FILES, ...KEYS].includes(name));
  const tasks = new Map(
    own.flatMap(({ name, engines }) =>
      engines.flatMap((engine) =>
        engine.tasks.map((task): [string, TaskStatus] => [`${name}/${task.name}`, task])
      )
    ),
  );
  const contents = own.filter(({ started }) => started).map(({ name, sleep_us, engines }) => {
    const running = engines.flatMap((engine) => engine.tasks).filter(({ started }) => started);
    return [name, {
      sleep: sleep_us / 1e6,
      tasks: Object.fromEntries(running.map((task) => [task.name, task.value])),
    }] as const;
  });
  const broken = conf_dir?.refused.map(({ file }) => basename(file)) ?? [];
  return { projects: Object.fromEntries(contents), tasks, broken: new Set(broken) };
}

/** What is wrong with the rounds of tasks that two states have alike: each goes on with its own. */
export function restartFaults(before: SeenProjects, after: SeenProjects): string[] {
  return unchangedTasks(before, after).flatMap((id) => {
    const [last] = before.tasks.get(id)?.rounds ?? [];
    const [newest, ...older] = after.tasks.get(id)?.rounds ?? [];
    if (last === undefined) return [];
    // One of long ago is not kept.
    const same = [newest, ...older].find((round) => round?.number === last.number) ?? last;
    const isSame = newest !== undefined && newest.number >= last.number &&
      same.started_at === last.started_at;
    return isSame ? [] : [`${id} has begun anew, after round ${last.number}`];
  });
}

/** The tasks that two states have alike, in projects that are alike. */
export function unchangedTasks(before: SeenProjects, after: SeenProjects): string[] {
  return Object.entries(before.projects).flatMap(([project, { sleep, tasks }]) => {
    const now = after.projects[project];
    if (now?.sleep !== sleep) return [];
    return Object.keys(tasks).filter((name) => now.tasks[name] === tasks[name])
      .map((name) => `${project}/${name}`);
  });
}
