import { describe, expect, test } from "bun:test";
import type { Family } from "../../../src/metrics/family.ts";
import { statusFamilies } from "../../../src/metrics/status_families.ts";
import { fullStatus } from "./full_status.ts";

/** What has no metric: of no use as one, or a label. */
const NO_METRIC = [
  /^\/version$/,
  /^\/server\/pid$/,
  /\/skipped\/\d+\/pids\/\d+$/,
  /\/priority$/,
  /\/node_pairs\/\d+\/(slow|dram)_node$/,
  // what is shown is the newest round that has ended
  /\/rounds\/0\//,
];

interface Leaf {
  readonly path: string;
  /** In base units. */
  readonly value: number;
}

/** Gives every number of a document a value of its own. @returns them. */
function markNumbers(value: object, path = "", leaves: Leaf[] = []): Leaf[] {
  for (const [key, entry] of Object.entries(value) as [string, unknown][]) {
    const at = `${path}/${key}`;
    if (typeof entry === "object" && entry !== null) markNumbers(entry, at, leaves);
    if (typeof entry !== "number") continue;
    const mark = 1000 + 17 * leaves.length;
    Object.assign(value, { [key]: mark });
    leaves.push({ path: at, value: mark / unitOf(key) });
  }
  return leaves;
}

function unitOf(key: string): number {
  if (key.endsWith("_us")) return 1e6;
  return key.endsWith("_percent") ? 100 : 1;
}

function valueOf(families: readonly Family[], name: string, labels: object = {}): number[] {
  return families.find((family) => family.name === name)?.samples
    .filter((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))
    .map(({ value }) => value) ?? [];
}

describe("statusFamilies()", () => {
  test("has every number of a status, in base units", () => {
    const status = fullStatus();
    const leaves = markNumbers(status);
    const values = new Set(
      statusFamilies(status).flatMap(({ samples }) => samples.map(({ value }) => value)),
    );
    const wanted = leaves.filter(({ path }) => !NO_METRIC.some((pattern) => pattern.test(path)));
    expect(wanted.length).toBeGreaterThan(80);
    expect(wanted.filter(({ value }) => !values.has(value)).map(({ path }) => path)).toEqual([]);
  });

  test("is of the newest round that has ended", () => {
    expect(valueOf(statusFamilies(fullStatus()), "etmem_task_round_number")).toEqual([12]);
  });

  test("labels what is said of a task with its project, engine and name", () => {
    const [sample] = statusFamilies(fullStatus())
      .find(({ name }) => name === "etmem_task_round_moved_bytes")!.samples;
    expect({ ...sample!.sharedLabels, ...sample!.labels }).toEqual({
      project: "test",
      engine: "slide",
      task: "background_slide",
    });
  });

  test("an age that no page has is infinite, and a task without a guard has none", () => {
    const status = fullStatus();
    const task = status.projects[0]!.engines[0]!.tasks[0]!;
    Object.assign(task.rounds[1]!.guard!, { age_scans: null, age_seconds: null });
    expect(valueOf(statusFamilies(status), "etmem_task_age_seconds")).toEqual([Infinity]);
    delete task.rounds[1]!.guard;
    expect(valueOf(statusFamilies(status), "etmem_task_age_seconds")).toEqual([]);
  });

  test("a reason is one of a fixed list, without the details of its text", () => {
    const status = fullStatus();
    const round = status.projects[0]!.engines[0]!.tasks[0]!.rounds[1]!;
    round.skipped = [
      { reason: 'there is no process named "mysql"', processes: 1, pids: [] },
      { reason: 'there is no process named "redis"', processes: 2, pids: [] },
      { reason: "an engine's own words", processes: 3, pids: [] },
    ];
    const families = statusFamilies(status);
    const skipped = "etmem_task_round_skipped_processes";
    expect(valueOf(families, skipped, { reason: "no_such_name" })).toEqual([3]);
    expect(valueOf(families, skipped, { reason: "failed" })).toEqual([3]);
    expect(valueOf(families, skipped)).toHaveLength(2);
  });

  test("names follow Prometheus' conventions and are each there once", () => {
    const names = statusFamilies(fullStatus()).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^etmem_[a-z][a-z_]*[a-z]$/);
  });
});
