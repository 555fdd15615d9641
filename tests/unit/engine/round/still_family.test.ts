import { expect, test } from "bun:test";
import { StillFamily } from "../../../../src/engine/round/still_family.ts";
import { searchNearby, type SweptProcesses } from "../../../../src/procfs/find_processes.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";

/** A family, and how often it was searched for. */
class Trial {
  readonly #family = new StillFamily();
  readonly #pid: number;
  searches = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** @returns whether there was a search. */
  async look(): Promise<boolean> {
    const before = this.searches;
    await this.find();
    return this.searches > before;
  }

  find(): Promise<SweptProcesses | undefined> {
    return this.#family.find(() => {
      this.searches++;
      return Promise.resolve(searchNearby({ type: "pid", pid: this.#pid }));
    });
  }
}

test("find() searches while a process of the family runs, and not while all stand still", async () => {
  using target = await TargetProcess.start({ hot: "none", children: 1, share: true });
  const [parent, child] = target.target.processes().map(({ pid }) => pid) as [number, number];
  const trial = new Trial(parent);
  for (const pid of [parent, child]) process.kill(pid, "SIGSTOP");
  await waitFor("no search", async () => !await trial.look());
  const found = await trial.find();
  expect(found?.found.map(({ pid }) => pid).toSorted((a, b) => a - b)).toEqual(
    [parent, child].toSorted((a, b) => a - b),
  );
  const still = trial.searches;
  for (let i = 0; i < 10; i++) expect(await trial.find()).toBe(found);
  expect(trial.searches).toBe(still);
  process.kill(child, "SIGCONT");
  await waitFor("a search after the child has run", () => trial.look());
  process.kill(child, "SIGKILL");
  await waitFor("the child to be missing", async () => (await trial.find())?.found.length === 1);
});

test("find() does not trust a search whose process it had not known before", async () => {
  using target = await TargetProcess.start({ hot: "none" });
  process.kill(target.pid, "SIGSTOP");
  const trial = new Trial(target.pid);
  // The first finds the process, the second finds no others since its clock was read.
  expect(await trial.look()).toBe(true);
  expect(await trial.look()).toBe(true);
  await waitFor("no search", async () => !await trial.look());
});
