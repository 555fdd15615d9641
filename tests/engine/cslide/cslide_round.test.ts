import { afterEach, describe, expect, test } from "bun:test";
import { CslideRound } from "../../../src/engine/cslide/cslide_round.ts";
import { CslideTask } from "../../../src/engine/cslide/cslide_task.ts";
import { Slots } from "../../../src/worker/slots.ts";
import { configureLog } from "../../../src/log/logger.ts";
import { SMAPS } from "../../../src/scan/tracker_smaps.ts";
import { project } from "../slide/slide_trial.ts";

afterEach(() => configureLog("error", []));

describe("CslideRound", () => {
  test("run() logs what the round of each task came to", async () => {
    const lines: string[] = [];
    configureLog("info", [(level, line) => lines.push(`${level}: ${line}`)]);
    const tasks = ["a", "b"].map((name) =>
      new CslideTask({
        kind: "cslide",
        project: "p",
        engine: "cslide",
        name,
        target: { type: "name", comm: "no/such/process" },
        vmFlags: [],
        anonOnly: false,
        ignHost: false,
      })
    );
    await new CslideRound({
      project: project(),
      engine: {
        kind: "cslide",
        project: "p",
        name: "cslide",
        nodePairs: [],
        hotThreshold: 1,
        nodeMigQuotaMb: 1,
        nodeHotReserveMb: 0,
      },
      pairs: [],
      slots: new Slots(1),
      trackerOf: () => SMAPS,
    }, tasks).run();
    expect(lines).toEqual(
      ["a", "b"].map((name) =>
        `info: project p: task ${name}: round 1: 0 processes, present 0.0 MiB, cold 0.0, asked 0.0, ` +
        "moved 0.0, came back 0.0"
      ),
    );
  });
});
