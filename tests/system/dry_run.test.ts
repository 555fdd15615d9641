import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { AdviceDocument } from "../../src/status/advice.ts";
import type { HistogramDocument } from "../../src/status/histogram.ts";
import { TRACKERS } from "../../src/tracker/trackers.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { askStatus } from "./ask_status.ts";
import { ServerProcess } from "./server_process.ts";
import { processMemory } from "./slide_server.ts";

const MIB = 2 ** 20;
const AREA = 8 * MIB;
const isMissing = TRACKERS.every(({ missing, granularity }) =>
  granularity !== "page" || missing() !== undefined
);
if (isMissing) console.log("dry run: left out: no tracker sees single pages");

test.skipIf(isMissing)(
  "a dry run shows what is cold and what fits, and moves nothing",
  async () => {
    using target = await TargetProcess.start({ hot: "first:4", flush: true });
    await using server = await ServerProcess.start();
    const file = server.file(
      "p.conf",
      [
        "[project]\nname=p\nloop=2\ninterval=1\nsleep=1",
        "[engine]\nname=slide\nproject=p",
        `[task]\nproject=p\nengine=slide\nname=t\ntype=pid\nvalue=${target.pid}\nT=1\n`,
      ].join("\n"),
    );
    const etmem = async (...args: string[]): Promise<string> => {
      const { status, stdout, stderr } = await server.etmem(...args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return stdout;
    };
    await etmem("obj", "add", "-f", file);
    expect((await server.etmem("histogram", "-n", "p")).stderr).toContain(
      "start it to see the ages",
    );
    await etmem("project", "start", "--dry-run", "-n", "p");
    expect(await etmem("project", "show")).toEndWith("dry run: nothing of project p is moved\n");
    expect(await etmem("status", "-n", "p")).toContain(
      "project p, started, dry run (moves nothing)",
    );
    expect((await askStatus(server.name)).projects[0]).toMatchObject({ dry_run: true });
    const early = JSON.parse(await etmem("advise", "-n", "p", "--json")) as AdviceDocument;
    expect(early).toMatchObject({ state: "too_little_seen", lines: [] });

    const advice = await waitFor("advice", async () => {
      const text = await etmem("advise", "-n", "p", "--stall", "0.5", "--json");
      const document = JSON.parse(text) as AdviceDocument;
      return document.state === "advised" ? document : undefined;
    }, { firstPauseMs: 500, seconds: 90 });
    expect(advice.tasks[0]!.saved_bytes).toBeWithin(AREA * 0.7, AREA);
    const [task] =
      (JSON.parse(await etmem("histogram", "-n", "p", "-t", "t", "--json")) as HistogramDocument)
        .tasks;
    expect(task!.out_bytes).toBeWithin(AREA * 0.7, AREA);
    expect(await etmem("histogram", "-n", "p")).toContain("idle scans");
    expect(processMemory(target.pid, "VmSwap")).toBe(0);

    // what is advised can be used as it is
    await etmem("project", "stop", "-n", "p");
    expect(await etmem("project", "show")).not.toContain("dry run");
    await etmem("obj", "del", "-f", file);
    const printed = server.file("advised.conf", "");
    writeFileSync(printed, `# what came of it\n${advice.lines.join("\n")}\n`);
    expect(await etmem("obj", "add", "-f", printed)).toBe("");
    expect(await target.target.verify()).toBe(0);
  },
  200_000,
);
