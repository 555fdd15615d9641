import { expect, test } from "bun:test";
import { Random } from "../../../tools/fixtures/random.ts";
import { SEED } from "../../../tools/fixtures/seed.ts";
import { ConfFiles, projectText, taskText } from "./conf_files.ts";

const BURSTS = 150;
const FILES = ["a", "b", "c", "d", "e"];
const PROJECTS = ["p", "q", "r", "s"];

/** What a file says: its projects, and tasks for projects of other files. */
interface Content {
  readonly projects: ReadonlyMap<string, { readonly loop: number; readonly tasks: Tasks }>;
  readonly more: ReadonlyMap<string, Tasks>;
  readonly isBroken: boolean;
}

/** T by name. */
type Tasks = ReadonlyMap<string, number>;

/** What is to be there: projects with the T of their tasks. */
type State = Map<string, { loop: number; tasks: Map<string, number> }>;

function randomTasks(random: Random, prefix: string): Tasks {
  const names = ["t", "u", "v"].filter(() => random.chance(0.5));
  return new Map(names.map((name) => [`${prefix}${name}`, random.between(1, 5)]));
}

function randomContent(random: Random, file: string): Content {
  const projects = PROJECTS.filter(() => random.chance(0.3));
  const others = PROJECTS.filter((name) => !projects.includes(name) && random.chance(0.2));
  return {
    projects: new Map(projects.map((name) => [
      name,
      { loop: random.between(1, 2), tasks: randomTasks(random, name) },
    ])),
    more: new Map(others.map((name) => [name, randomTasks(random, `${file}-${name}`)])),
    isBroken: random.chance(0.15),
  };
}

const entriesOf = (tasks: Tasks): string[] => [...tasks].map(([name, T]) => `${name}=${T}`);

function textOf({ projects, more, isBroken }: Content): string {
  return [
    // A file that says nothing would be wrong.
    "[project]\nname=z-FILE\nloop=1\ninterval=1\nsleep=1\n",
    ...[...projects].map(([name, { loop, tasks }]) => projectText(name, entriesOf(tasks), loop)),
    ...[...more].flatMap(([name, tasks]) => entriesOf(tasks).map((task) => taskText(name, task))),
    isBroken ? "[task]\nname=\n" : "",
  ].join("");
}

/** Adds what a file says to a state, all or nothing. @returns whether it fits. */
function add({ projects, more, isBroken }: Content, state: State): boolean {
  if (isBroken) return false;
  const after: State = new Map([...state].map(([name, { loop, tasks }]) => [
    name,
    { loop, tasks: new Map(tasks) },
  ]));
  for (const [name, { loop, tasks }] of projects) {
    if (after.has(name)) return false;
    after.set(name, { loop, tasks: new Map(tasks) });
  }
  for (const [name, tasks] of more) {
    for (const [task, T] of tasks) {
      const owner = after.get(name);
      if (owner === undefined || owner.tasks.has(task)) return false;
      owner.tasks.set(task, T);
    }
  }
  // T is from 0 to 3 * loop.
  for (const { loop, tasks } of after.values()) {
    if ([...tasks.values()].some((T) => T > 3 * loop)) return false;
  }
  for (const [name, one] of after) state.set(name, one);
  return true;
}

test(`ConfState makes of ${BURSTS} bursts of edits what a slow model makes, and stops no more`, async () => {
  const random = new Random(SEED);
  const files = new ConfFiles();
  const now = new Map<string, Content>();
  const good = new Map<string, Content>();
  let before: State = new Map();
  for (let burst = 0; burst < BURSTS; burst++) {
    for (const file of FILES.filter(() => random.chance(0.4))) {
      const content = random.chance(0.15) ? undefined : randomContent(random, file);
      files.set(file, content && textOf(content).replace("FILE", file));
      if (content === undefined) [now, good].forEach((map) => map.delete(file));
      else now.set(file, content);
    }
    const after: State = new Map();
    for (const file of FILES) {
      const [current, last] = [now.get(file), good.get(file)];
      if (current === undefined) continue;
      if (add(current, after)) good.set(file, current);
      else if (last !== undefined) add(last, after);
    }
    files.script.calls.length = 0;
    await files.apply();
    const shown = [...after].map(([name, { tasks }]) =>
      [`${name}+`, ...[...tasks.keys()].map((task) => `${task}+`).toSorted()].join(" ")
    ).toSorted();
    expect([burst, files.shown.filter((line) => !line.startsWith("z-"))]).toEqual([burst, shown]);
    const kept = [...after].flatMap(([name, { loop, tasks }]) => {
      const old = before.get(name);
      if (old?.loop !== loop) return [];
      return [...tasks].filter(([task, T]) => old.tasks.get(task) === T).map(([task]) => task);
    });
    const stopped = files.script.calls.filter((call) =>
      call.startsWith("stop ") || call.startsWith("start ")
    );
    const disturbed = kept.filter((task) => stopped.some((call) => call.endsWith(` ${task}`)));
    expect([burst, disturbed]).toEqual([burst, []]);
    before = after;
  }
});
