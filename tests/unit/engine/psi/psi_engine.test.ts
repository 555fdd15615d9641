import { afterAll, afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { PsiTaskDescription } from "../../../../src/config/engines/psi.ts";
import { engineContext } from "../../../../src/engine/engine_context.ts";
import { PsiEngine } from "../../../../src/engine/psi/psi_engine.ts";
import type { RoundStatus } from "../../../../src/status/round_status.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { FakeSysfs } from "../../procfs/fake_nodes.ts";
import { messageOf } from "../slide/slide_trial.ts";
import { MIB, stat, treeOfVersion1, treeOfVersion2 } from "./group_tree.ts";

let own = new AsyncDisposableStack();
afterEach(async () => {
  await own.disposeAsync();
  own = new AsyncDisposableStack();
});
afterAll(() => engineContext.workers.close());

const PROJECT = {
  name: "p",
  scanType: "psi",
  loop: 1,
  intervalSeconds: 1,
  sleepSeconds: 1,
  tracker: "auto",
  mover: "auto",
} as const;

const task = (path: string): PsiTaskDescription => ({
  kind: "psi",
  project: "p",
  engine: "psi",
  name: "t",
  target: { type: "cgroup", path },
  pressurePercent: 0.1,
  rate: 0.5,
  rateMin: 0.01,
  rateMax: 0.5,
  limitMinBytes: 0,
  limitMinRatio: 0.1,
  reclaimMaxBytes: 4 * MIB,
});

async function engineOn(tree: FakeSysfs, path: string): Promise<PsiEngine> {
  own.use(tree);
  const engine = new PsiEngine(PROJECT, engineContext, tree.root);
  await engine.addTask(task(path));
  own.defer(() => engine.stopTask("t"));
  return engine;
}

const untilRound = (engine: PsiEngine, number: number): Promise<RoundStatus> =>
  waitFor(
    `round ${number}`,
    () =>
      engine.taskStatus("t").rounds.find((round) =>
        round.number === number && round.state === "done"
      ),
  );

test.each(
  [["2", treeOfVersion2, ""], ["1", treeOfVersion1, "memory/"]] as const,
)(
  "psi asks the groups of version %s in each round, and says what came of it",
  async (_, tree, below) => {
    const files = tree("a/b");
    const engine = await engineOn(files, "a/*");
    await engine.startTask("t");
    const first = await untilRound(engine, 1);
    // These are only files: nothing goes.
    expect(first).toMatchObject({
      processes: 0,
      skipped: [],
      scan_errors: 0,
      present_bytes: 100 * MIB,
      asked_bytes: 4 * MIB,
      moved_bytes: 0,
      refused: [{ reason: "kept by the kernel", bytes: 4 * MIB }],
    });
    expect(first.groups).toMatchObject([{
      path: "a/b",
      use_bytes: 100 * MIB,
      swapped_bytes: 5 * MIB,
      memory_pressure_percent: 0.02,
      io_pressure_percent: 0.02,
      refault_percent: 0,
      rate_percent: 50,
      asked_bytes: 4 * MIB,
      reclaimed_bytes: 0,
    }]);
    expect(readFileSync(`${files.root}/${below}a/b/memory.reclaim`, "latin1")).toBe(String(MIB));
    const pressure = `${below === "" ? "" : "cpuacct/"}a/b/memory.pressure`;
    files.write(pressure, "some avg10=3.00 avg60=0.00 avg300=0.00 total=0\n");
    const bad = await waitFor(
      "a round under pressure",
      () =>
        engine.taskStatus("t").rounds.find(({ groups }) =>
          groups?.[0]?.memory_pressure_percent === 3
        ),
    );
    expect(bad.groups).toMatchObject([{ asked_bytes: 0, held: "waits for memory already" }]);
    expect(engine.taskStatus("t")).toMatchObject({
      type: "cgroup",
      value: "a/*",
      started: true,
      mover: "memory.reclaim",
    });
  },
);

test("psi works on groups that come, and forgets those that go", async () => {
  const files = treeOfVersion2("a/b");
  const engine = await engineOn(files, "a/c");
  await engine.startTask("t");
  expect(await untilRound(engine, 1))
    .toMatchObject({ groups: [], skipped: [{ reason: 'no control group matches "a/c"' }] });
  using other = treeOfVersion2("a/c");
  for (
    const name of [
      "memory.current",
      "memory.stat",
      "memory.reclaim",
      "memory.pressure",
      "io.pressure",
    ]
  ) {
    files.write(`a/c/${name}`, readFileSync(`${other.root}/a/c/${name}`, "latin1"));
  }
  await waitFor(
    "the group",
    () => engine.taskStatus("t").rounds.some(({ groups }) => groups?.[0]?.path === "a/c"),
  );
  files.remove("a/c");
  await waitFor("a round without it", () => engine.taskStatus("t").rounds[0]?.groups?.length === 0);
});

test("psi leaves the rest of a round out when the group reads back too much", async () => {
  const files = treeOfVersion2("a");
  const engine = await engineOn(files, "a");
  // Between two of the four steps of a round are 125 ms.
  const watch = setInterval(() => {
    if (readFileSync(`${files.root}/a/memory.reclaim`, "latin1") === "") return;
    files.write("a/memory.stat", stat({ active_anon: 80 * MIB, workingset_refault_anon: 1e6 }));
    clearInterval(watch);
  }, 5);
  try {
    await engine.startTask("t");
    const { groups, asked_bytes: asked } = await untilRound(engine, 1);
    expect(groups?.[0]?.held).toBe("reads back what was reclaimed");
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(4 * MIB);
  } finally {
    clearInterval(watch);
  }
});

test.each([
  ["no memory.reclaim", { "memory.reclaim": undefined }, "this kernel has no memory.reclaim"],
  ["no PSI", { "io.pressure": undefined }, "psi=1 on its command line"],
])("psi is refused at start where its groups have %s", async (_, files, why) => {
  const engine = await engineOn(treeOfVersion2("a", files), "a");
  expect(await messageOf(engine.startTask("t"))).toContain(`task t: control group "a": `);
  expect(await messageOf(engine.startTask("t"))).toContain(why);
  expect(engine.taskStatus("t")).toMatchObject({ started: false, rounds: [] });
});

test("psi starts with the groups that can be worked on, and says why not with the others", async () => {
  const files = treeOfVersion2("a/b");
  files.write("a/c/memory.current", "1\n");
  const engine = await engineOn(files, "a/*");
  await engine.startTask("t");
  const { groups, skipped } = await untilRound(engine, 1);
  expect(groups?.map(({ path }) => path)).toEqual(["a/b"]);
  expect(skipped).toHaveLength(1);
  expect(skipped[0]?.reason).toStartWith('control group "a/c": this kernel has no memory.reclaim');
  for (const name of ["d", "e", "f", "g"]) files.write(`a/${name}/memory.current`, "1\n");
  const more = await waitFor(
    "more groups",
    () => engine.taskStatus("t").rounds.find((round) => round.skipped[0]?.reason.includes('"a/f"')),
  );
  expect(more.skipped.map(({ reason }) => reason.split(": ")[0]))
    .toEqual(['control group "a/c", "a/d", "a/e", "a/f", and 1 more']);
});

test("psi stops within a second, and has no commands", async () => {
  const engine = await engineOn(treeOfVersion2("a"), "a");
  await engine.startTask("t");
  await untilRound(engine, 1);
  const begun = performance.now();
  await engine.stopTask("t");
  expect(performance.now() - begun).toBeLessThan(1000);
  expect(engine.taskStatus("t").started).toBe(false);
});
