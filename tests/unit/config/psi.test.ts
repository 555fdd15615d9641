import { describe, expect, test } from "bun:test";
import {
  compile,
  CSLIDE,
  KNOWN_PROJECT,
  lineOf,
  PSI,
  put,
  refusal,
  SLIDE,
  THIRD_PARTY,
  warnings,
  without,
} from "./config_text.ts";

const MIB = 2 ** 20;

describe("compileConfig() of a file of psi", () => {
  test("takes the original's keys, with its defaults", () => {
    expect(compile(PSI)).toEqual({
      projects: [{
        name: "p",
        scanType: "psi",
        loop: 1,
        intervalSeconds: 5,
        sleepSeconds: 5,
        tracker: "auto",
        mover: "auto",
      }],
      engines: [{ kind: "psi", project: "p", name: "psi" }],
      tasks: [{
        kind: "psi",
        project: "p",
        engine: "psi",
        name: "t",
        target: { type: "cgroup", path: "a/*" },
        pressurePercent: 0.1,
        rate: 0.05,
        rateMin: 0.01,
        rateMax: 0.5,
        limitMinBytes: 0,
        limitMinRatio: 0.1,
        reclaimMaxBytes: 1024 * MIB,
      }],
      warnings: [],
    });
  });

  test("takes every key", () => {
    const text = [
      "pressure=2.5",
      "reclaim_rate=0.3",
      "reclaim_rate_max=1",
      "reclaim_rate_min=0.001",
      "limit_min_bytes=1125899906842624",
      "limit_min_ratio=0",
      "reclaim_max_bytes=4096",
      "cg_dir=/kubepods.slice/*burstable*/",
    ].reduce((before, line) => put(before, "task", line), PSI);
    expect(compile(text).tasks).toMatchObject([{
      target: { type: "cgroup", path: "kubepods.slice/*burstable*" },
      pressurePercent: 2.5,
      rate: 0.3,
      rateMin: 0.001,
      rateMax: 1,
      limitMinBytes: 2 ** 50,
      limitMinRatio: 0,
      reclaimMaxBytes: 4096,
    }]);
  });

  test("does not use loop, sleep, type and value, and says so", () => {
    const text = [["project", "loop=3"], ["project", "sleep=1"], ["task", "type=x"], [
      "task",
      "value=/a b",
    ]].reduce((before, [group, line]) => put(before, group!, line!), PSI);
    expect(warnings(text)).toEqual([
      "line 5: [project] loop=3: not used with scan_type=psi",
      "line 6: [project] sleep=1: not used with scan_type=psi",
      "line 15: [task] type=x: not used, cg_dir says what the task is about",
      "line 16: [task] value=/a b: not used, cg_dir says what the task is about",
    ]);
    expect(compile(text).projects).toMatchObject([{ loop: 1, sleepSeconds: 5 }]);
  });

  const CG_DIR = "a path or glob below the cgroup root, 1 to 63 bytes, without ..";
  test.each([
    ["cg_dir=a/../b", ".. in it", CG_DIR],
    [`cg_dir=${"x".repeat(64)}`, "64 bytes long", CG_DIR],
    ["pressure=0", "out of range", "0.001 to 100"],
    ["pressure=x", "not a number", "0.001 to 100"],
    ["pressure=", "no value", "0.001 to 100"],
    ["pressure=0.1%", '"%" after the number', "0.001 to 100"],
    ["pressure=1 # percent", "comments need a line of their own", "0.001 to 100"],
    ["reclaim_rate=1.5", "out of range", "0.001 to 1"],
    ["reclaim_rate=-0.1", "not a number", "0.001 to 1"],
    [
      "reclaim_rate=0.6",
      "out of range",
      "reclaim_rate_min to reclaim_rate_max, that is 0.01 to 0.5",
    ],
    ["reclaim_rate_max=0.02", "out of range", "at least reclaim_rate, that is 0.05"],
    ["reclaim_rate_min=0.07", "out of range", "at most reclaim_rate, that is 0.05"],
    ["reclaim_rate_min=0.7", "out of range", "at most reclaim_rate_max, that is 0.5"],
    ["limit_min_ratio=1.1", "out of range", "0 to 1"],
    ["limit_min_bytes=1.5", "not a whole number", "0 to 1125899906842624 bytes"],
    ["limit_min_bytes=1g", '"g" after the number', "0 to 1125899906842624 bytes"],
    ["reclaim_max_bytes=4095", "out of range", "4096 to 1125899906842624 bytes"],
  ])("refuses %s", (line, problem, allowed) => {
    const text = put(PSI, "task", line);
    expect(refusal(text))
      .toBe(`line ${lineOf(text, line)}: [task] ${line}: ${problem}, allowed is ${allowed}`);
  });

  test("names cg_dir and interval where they are missing", () => {
    expect(refusal(without(PSI, "task", "cg_dir")))
      .toBe(`line 8: [task]: cg_dir is missing, allowed is ${CG_DIR}`);
    expect(refusal(without(PSI, "project", "interval")))
      .toBe("line 1: [project]: interval is missing, allowed is 1 to 1200");
  });
});

describe("compileConfig(): an engine and scan_type go only together", () => {
  test.each([
    ["slide", SLIDE],
    ["cslide", `${SLIDE.slice(0, SLIDE.indexOf("[engine]"))}${CSLIDE}`],
    ["thirdparty", `${SLIDE.slice(0, SLIDE.indexOf("[engine]"))}${THIRD_PARTY}`],
  ])("%s needs scan_type=page", (name, text) => {
    expect(refusal(text)).toBe("accepted");
    expect(refusal(put(text, "project", "scan_type=psi"))).toBe(
      `line 8: [engine] name=${name}: it needs a project with scan_type=page, "p" has ` +
        "scan_type=psi, allowed is psi",
    );
  });

  test("psi needs scan_type=psi, of the file or of the server's project", () => {
    const page = put(
      put(put(PSI, "project", "scan_type=page"), "project", "loop=1"),
      "project",
      "sleep=1",
    );
    const problem = '[engine] name=psi: it needs a project with scan_type=psi, "p" has ' +
      "scan_type=page, allowed is another engine, or another project";
    expect(refusal(page)).toEndWith(problem);
    const alone = PSI.slice(PSI.indexOf("[engine]"));
    expect(refusal(alone, [KNOWN_PROJECT])).toEndWith(problem);
    expect(refusal(alone, [{ ...KNOWN_PROJECT, scanType: "psi" }])).toBe("accepted");
  });
});
