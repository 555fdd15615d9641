import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { formatRound, formatTotal } from "../../../src/cli/format_round.ts";
import { formatStatus } from "../../../src/cli/format_status.ts";
import type { RoundStatus } from "../../../src/status/round_status.ts";
import type { ServerStatus } from "../../../src/status/server_status.ts";
import { noTotal } from "../../../src/status/task_status.ts";
import type { GuardStatus } from "../../../src/status/guard_status.ts";
import { SAMPLE_ROUND, SAMPLE_STATUS } from "./sample_status.ts";

function format(status: ServerStatus): string {
  return formatStatus(JSON.stringify(status));
}

const PMD_BYTES = SAMPLE_STATUS.memory.pmd_size_bytes;

describe("formatStatus()", () => {
  test("prints what docs/status.md shows, and a project without tasks", () => {
    const page = readFileSync(join(import.meta.dir, "../../../docs/status.md"), "utf8");
    const shown = page.split(/^```\n/m).at(-2) ?? "no table";
    expect(format(SAMPLE_STATUS)).toBe(
      `${shown}\n` +
        "project empty, stopped, not persistent, round: 1 scan, then 1 s pause\n" +
        "  engine cslide\n" +
        "    no task\n",
    );
  });

  test("says so when there is no project and no swap space", () => {
    const text = format({
      ...SAMPLE_STATUS,
      projects: [],
      swap: { total_bytes: 0, free_bytes: 0 },
    });
    expect(text).toEndWith("\nno project exists\n");
    expect(text).toContain("\n  swap      no swap space\n");
  });

  test("says of a dry run what would go, and nothing of memory that is freed", () => {
    const projects = SAMPLE_STATUS.projects.map((project) => ({
      ...project,
      dry_run: true as const,
    }));
    const text = format({ ...SAMPLE_STATUS, projects });
    expect(text).toMatch(/^ +asked .* would go .* of asked /m);
    expect(text).not.toMatch(/^ +asked .* moved /m);
    expect(text).not.toMatch(/ (?:freed|of moved) /);
  });

  test("says nothing of the share that a nearly empty store takes", () => {
    const zswap = { enabled: true, max_pool_percent: 20, stored_bytes: 4096, store_bytes: 12_288 };
    expect(format({ ...SAMPLE_STATUS, swap: { ...SAMPLE_STATUS.swap, zswap } }))
      .toContain("zswap, 4 KiB take 12 KiB of DRAM, at most 20 % of memory\n");
  });

  test("says how many threads the kernel holds, and why work waits", () => {
    const text = format({
      ...SAMPLE_STATUS,
      server: { ...SAMPLE_STATUS.server, held_workers: 2, work_waits: "the kernel holds 2" },
    });
    expect(text).toMatch(/ of CPU, 3 workers, 2 held by the\n +kernel\n/);
    expect(text).toContain("\n  waits     the kernel holds 2\n");
  });

  test("says how to go on after a failure only where that takes a stop and a start", () => {
    const [first] = SAMPLE_STATUS.projects;
    const hint = ", stop and start the project\n";
    expect(format(SAMPLE_STATUS)).toContain(hint);
    const stopped = { ...SAMPLE_STATUS, projects: [{ ...first!, started: false }] };
    expect(format(stopped)).toContain("failed: engine my_engine: died of SIGSEGV\n");
    const goesOn = JSON.stringify(SAMPLE_STATUS).replace(
      '"started":false,"failed"',
      '"started":true,"failed"',
    );
    expect(formatStatus(goesOn)).toContain("failed: engine my_engine: died of SIGSEGV\n");
  });

  test("shows what of a task's configuration has no effect", () => {
    const text = JSON.stringify(SAMPLE_STATUS).replace(
      '"failed"',
      '"warnings":["no effect"],"failed"',
    );
    expect(formatStatus(text)).toContain("\n      warning: no effect\n");
  });

  test("says so when the machine offers no tracker", () => {
    const trackers = SAMPLE_STATUS.trackers.map((tracker) => ({ ...tracker, available: false }));
    expect(format({ ...SAMPLE_STATUS, trackers })).toContain("\n  trackers  none\n");
  });

  test("says so when a document is not what its version says", () => {
    for (const document of ['{"version":1}', '{"version":1,"projects":[null]}']) {
      expect(() => formatStatus(document)).toThrow(SyntaxError);
    }
    const rss = { ...SAMPLE_STATUS.server, rss_bytes: null };
    expect(() => formatStatus(JSON.stringify({ ...SAMPLE_STATUS, server: rss })))
      .toThrow(new SyntaxError("is not what its version says"));
  });

  test("prints no control character of a name or a reason", () => {
    const server = { ...SAMPLE_STATUS.server, socket: "a\x1b[2J\r\n\0b\x9b" };
    expect(format({ ...SAMPLE_STATUS, server })).toContain("socket a [2J b , up");
  });

  test("stays within 100 columns whatever the reasons and names", () => {
    const reason = fc.string({ unit: fc.constantFrom("a", "b", " "), maxLength: 300 })
      .map((text) => text.replaceAll(/\S{60}/g, "$& "));
    const name = fc.stringMatching(/^[a-z]{1,63}$/);
    fc.assert(
      fc.property(reason, name, name, (why, project, task) => {
        const [first] = SAMPLE_STATUS.projects;
        const [, slide] = first?.engines ?? [];
        const [one] = slide?.tasks ?? [];
        if (first === undefined || slide === undefined || one === undefined) {
          throw new Error("gone");
        }
        const text = format({
          ...SAMPLE_STATUS,
          trackers: [{ name: "smaps", available: false, reason: why }],
          projects: [{
            ...first,
            name: project,
            engines: [{
              ...slide,
              tasks: [{
                ...one,
                name: task,
                failed: why,
                rounds: [{
                  ...SAMPLE_ROUND,
                  skipped: [{ reason: why, processes: 1, pids: [1] }],
                  spared: [{ reason: why, bytes: 1 }],
                  refused: [{ reason: why, bytes: 1 }],
                }],
              }],
            }],
          }],
        });
        expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
      }),
      { numRuns: 200 },
    );
  });

  for (const document of ["", "{", "[]", "null", "7", '{"version":2}', "{}"]) {
    test(`throws a SyntaxError for ${JSON.stringify(document)}`, () => {
      expect(() => formatStatus(document)).toThrow(SyntaxError);
    });
  }
});

describe("formatRound()", () => {
  test("says so when all that is present is hot in huge pages", () => {
    const round = {
      ...SAMPLE_ROUND,
      hot_bytes: SAMPLE_ROUND.present_bytes,
      hot_huge_bytes: SAMPLE_ROUND.present_bytes,
      cold_bytes: 0,
    };
    expect(formatRound(round, PMD_BYTES)).toContain(
      "huge      all that is present is hot at 2 MiB, where one access makes the whole of it hot\n",
    );
  });

  test("shows what the guard of a task saw", () => {
    const guard: GuardStatus = {
      stall_limit_percent: 0.1,
      harm_percent: 0.03,
      age_scans: 6,
      age_seconds: 30,
      swap_in_us: 7.2,
      paused_processes: 0,
      unguarded_processes: 0,
    };
    const shown = (more: Partial<GuardStatus>): string =>
      formatRound({ ...SAMPLE_ROUND, guard: { ...guard, ...more } }, PMD_BYTES)
        .replaceAll(/\s+/g, " ");
    expect(shown({})).toContain(
      " guard stall_limit 0.1 %, waited 0.03 % of the time, " +
        "pages idle for 6 scans (30 s) go, a swap-in takes 7 us",
    );
    expect(shown({ age_scans: null, age_seconds: null, paused_processes: 2 })).toContain(
      "no page is old enough to go, a swap-in takes 7 us, 2 processes above the limit: nothing moves",
    );
    expect(shown({ unguarded_processes: 1 })).toContain(
      "1 process without a guard: MemAvailable is below 5 %",
    );
  });

  test("shows how much may move in a second", () => {
    const [project] = SAMPLE_STATUS.projects;
    const [, slide] = project!.engines;
    const text = format({
      ...SAMPLE_STATUS,
      server: { ...SAMPLE_STATUS.server, move_rate_bytes: 2 ** 30 },
      projects: [{
        ...project!,
        engines: [{ ...slide!, tasks: [{ ...slide!.tasks[0]!, move_rate_bytes: 8 * 2 ** 20 }] }],
      }],
    });
    expect(text).toMatch(/itself .* at most 1 GiB\/s/);
    expect(text).toMatch(/mover process_madvise, at most 8\s+MiB\/s/);
  });

  test("gives a reason that holds for no process without their number", () => {
    const reason = "MemAvailable is not below sysmem_threshold";
    const round = { ...SAMPLE_ROUND, skipped: [{ reason, processes: 0, pids: [] }] };
    expect(formatRound(round, PMD_BYTES)).toContain(`        skipped   ${reason}\n`);
  });

  test("keeps quiet about what did not happen", () => {
    const round = {
      ...SAMPLE_ROUND,
      skipped: [],
      spared: [],
      refused: [],
      hot_huge_bytes: 0,
      present_bytes: 0,
      scan_errors: 0,
    };
    const text = formatRound(round, PMD_BYTES);
    expect(text).not.toMatch(/spared|refused|skipped|huge|errors/);
  });

  test("leaves out the figures that an older server does not know", () => {
    const { came_back_bytes: _, asked_bytes: __, scan_errors: ___, ...older } = SAMPLE_ROUND;
    const text = formatRound(older as RoundStatus, PMD_BYTES);
    expect(text).toContain("        moved     690 MiB");
    expect(text).not.toMatch(/asked|came back|errors/);
  });

  test("shows the control groups of psi in place of what scans come to", () => {
    const group = {
      path: "system.slice/db.service",
      use_bytes: 1.5 * 2 ** 30,
      limit_bytes: 400 * 2 ** 20,
      swapped_bytes: 700 * 2 ** 20,
      memory_pressure_percent: 0.02,
      io_pressure_percent: 0,
      refault_percent: 0.0123,
      rate_percent: 7,
      asked_bytes: 57 * 2 ** 20,
      reclaimed_bytes: 56 * 2 ** 20,
      refault_bytes: 2 ** 20,
      major_faults: 256,
    };
    const held = { ...group, path: "a", asked_bytes: 0, reclaimed_bytes: 0, held: "waits for io" };
    const text = formatRound({ ...SAMPLE_ROUND, processes: 0, groups: [group, held] }, PMD_BYTES);
    expect(text).toContain(", 2 control groups, ");
    expect(text).not.toContain("scanned");
    expect(text.replaceAll(/\n {18}/g, " ")).toContain(
      "group     system.slice/db.service: use 1.50 GiB, limit 400 MiB, swapped 700 MiB, waits for " +
        "memory 0.02 %, io 0 %, refaults 0.0123 % (1 MiB), rate 7 %, asked 57 MiB, reclaimed 56 MiB\n",
    );
    expect(text.replaceAll(/\s+/g, " ")).toContain("reclaimed 0 B, nothing asked: waits for io");
  });

  test("says how often psi works", () => {
    const [first] = SAMPLE_STATUS.projects;
    const psi = { ...first!, scan_type: "psi" as const, interval_us: 10_000_000 };
    expect(format({ ...SAMPLE_STATUS, projects: [psi] })).toContain(", a round every 10 s\n");
  });

  test("says what moved between the nodes of a pair, and what did not", () => {
    const round = {
      ...SAMPLE_ROUND,
      node_pairs: [{
        slow_node: 2,
        dram_node: 0,
        up_hot_bytes: 48 * 2 ** 20,
        up_cold_bytes: 2 ** 20,
        down_hot_bytes: 0,
        down_cold_bytes: 12 * 2 ** 20,
        up_quota_used_bytes: 61 * 2 ** 20,
        down_quota_used_bytes: 12 * 2 ** 20,
        hot_left: [{ reason: "node_mig_quota used up", bytes: 3 * 2 ** 20 }],
        reserve_short: [],
      }],
    };
    expect(formatRound(round, PMD_BYTES)).toContain(
      "        nodes     2 to 0 (DRAM) 49 MiB, 0 to 2 (slow) 12 MiB, 3 MiB hot left on the slow node:\n" +
        "                  node_mig_quota used up\n",
    );
  });
});

describe("formatTotal()", () => {
  test("says what a round has moved that was stopped, though it is not counted", () => {
    const nothing = noTotal();
    expect(formatTotal({ total: nothing, rounds: [] })).toBe("      no round yet\n");
    for (const state of ["running", "stopped"] as const) {
      const rounds = [{ ...SAMPLE_ROUND, number: 1, state }];
      expect(formatTotal({ total: nothing, rounds })).toBe("      no whole round yet\n");
      const total = { ...nothing, asked_bytes: 2 ** 21, moved_bytes: 2 ** 20 };
      const text = formatTotal({ total, rounds });
      expect(text).toStartWith("      no whole round yet\n");
      expect(text).toMatch(/asked +2 MiB +moved +1 MiB/);
    }
  });
});
