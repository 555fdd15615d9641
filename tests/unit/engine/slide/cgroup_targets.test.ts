import { afterAll, expect, test } from "bun:test";
import { OwnCgroup } from "../../../tools/fixtures/own_cgroup.ts";
import { TargetProcess } from "../../../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";
import { project, SlideTrial, task } from "./slide_trial.ts";

const swap = TemporarySwap.make(64 * 2 ** 20);
afterAll(() => swap[Symbol.dispose]());

if (swap.missing !== undefined) console.log(`control groups: left out: ${swap.missing}`);

test.skipIf(swap.missing !== undefined).each([1, 2] as const)(
  "slide works on the processes of control groups of version %d, and on new ones in later rounds",
  async (version) => {
    await using group = OwnCgroup.make(version);
    if (group === undefined) return;
    group.child("below");
    // Disposed of first: a group with processes cannot be removed.
    using outer = await TargetProcess.start();
    using inner = await TargetProcess.start();
    using late = await TargetProcess.start();
    group.add(outer.pid);
    group.add(inner.pid, "below");
    const target = { type: "cgroup", path: `${group.path}*` } as const;
    await using trial = await SlideTrial.start(project(), task(target));
    expect(await trial.untilFirst()).toMatchObject({ processes: 2, skipped: [], scan_errors: 0 });
    expect(trial.status()).toMatchObject({ type: "cgroup", value: `${group.path}*` });
    group.add(late.pid, "below");
    const { scanned_bytes: scanned } = await trial.untilRound(
      "with a process more",
      ({ processes, state }) => processes === 3 && state === "done",
    );
    expect(scanned).toBeGreaterThan(0);
  },
);
