import { expect, test } from "bun:test";
import {
  compile,
  CSLIDE,
  KNOWN_PROJECT,
  lineOf,
  put,
  SLIDE,
  THIRD_PARTY,
  warnings,
} from "./config_text.ts";

test("compileConfig() has nothing to remark when the files are plain", () => {
  for (const text of [SLIDE, CSLIDE, THIRD_PARTY]) expect(warnings(text)).toEqual([]);
});

test.each(
  [
    [SLIDE, "project", "lop=3", 6, 'unknown key "lop" in [project], the nearest is "loop"'],
    [
      SLIDE,
      "project",
      "swap_threshold=1g",
      6,
      'unknown key "swap_threshold" in [project], it belongs to [task]',
    ],
    [
      SLIDE,
      "project",
      "hot_threshold=1",
      6,
      'unknown key "hot_threshold" in [project], it belongs to [engine]',
    ],
    [SLIDE, "task", "loop=1", 16, 'unknown key "loop" in [task] of slide, it belongs to [project]'],
    [
      SLIDE,
      "task",
      "sysmem_threshold=1",
      16,
      'unknown key "sysmem_threshold" in [task] of slide, it belongs to [project]',
    ],
    [
      SLIDE,
      "engine",
      "swap_threshold=1",
      9,
      'unknown key "swap_threshold" in [engine] of slide, it belongs to [task]',
    ],
    [
      SLIDE,
      "engine",
      "vm_flags=ht",
      9,
      'unknown key "vm_flags" in [engine] of slide, it belongs to [task] of cslide',
    ],
    [
      SLIDE,
      "project",
      "name[de]=p",
      6,
      'unknown key "name[de]" in [project]',
    ],
    [
      SLIDE,
      "engine",
      "node_pair=2,0",
      9,
      'unknown key "node_pair" in [engine] of slide, it belongs to [engine] of cslide',
    ],
    [
      CSLIDE,
      "engine",
      "hot_treshold=1",
      8,
      'unknown key "hot_treshold" in [engine] of cslide, the nearest is "hot_threshold"',
    ],
    [
      SLIDE,
      "task",
      "vm_flags=ht",
      16,
      'unknown key "vm_flags" in [task] of slide, it belongs to [task] of cslide',
    ],
    [SLIDE, "task", "t=1", 16, 'unknown key "t" in [task] of slide, the nearest is "T"'],
    [
      SLIDE,
      "task",
      "toString=1",
      16,
      'unknown key "toString" in [task] of slide',
    ],
    [
      CSLIDE,
      "task",
      "max_threads=1",
      14,
      'unknown key "max_threads" in [task] of cslide, it belongs to [task] of slide',
    ],
  ] as const,
)("compileConfig() warns of a key that is unknown there: %#", (base, group, line, number, text) => {
  expect(warnings(put(base, group, line))).toEqual([`line ${number}: ${text}`]);
});

test("compileConfig() takes the private keys of third-party engines without a word", () => {
  const text = put(put(THIRD_PARTY, "engine", "my_key=\\q"), "task", "my_other[de]=# x");
  expect(warnings(text)).toEqual([]);
});

test("compileConfig() warns of unknown groups", () => {
  expect(warnings(`${SLIDE}[tasks]\nname=x\n[foo bar]`)).toEqual([
    "line 16: unknown group [tasks], the nearest is [task]",
    "line 18: unknown group [foo bar]",
  ]);
});

test("compileConfig() takes the samples' vmark for wmark", () => {
  const text = put(
    put(SLIDE, "project", "swapcache_high_vmark=10"),
    "project",
    "swapcache_low_vmark=6",
  );
  expect(compile(text).projects[0]?.swapcacheWmark).toEqual({ lowPercent: 6, highPercent: 10 });
  expect(warnings(text)).toEqual([
    "line 6: [project] swapcache_high_vmark=10: taken as swapcache_high_wmark",
    "line 7: [project] swapcache_low_vmark=6: taken as swapcache_low_wmark",
  ]);
});

test("compileConfig() prefers a key to its alias", () => {
  const marks = ["swapcache_low_vmark=1", "swapcache_low_wmark=2", "swapcache_high_wmark=3"];
  const text = marks.reduce((before, line) => put(before, "project", line), SLIDE);
  expect(compile(text).projects[0]?.swapcacheWmark).toEqual({ lowPercent: 2, highPercent: 3 });
  expect(warnings(text)).toEqual([
    "line 6: [project] swapcache_low_vmark=1: not used, swapcache_low_wmark of line 7 counts",
  ]);
});

test("compileConfig() takes engine= of [engine] as its name when there is none", () => {
  const text = SLIDE.replace("name=slide", "engine=slide");
  expect(compile(text).engines).toEqual(compile(SLIDE).engines);
  expect(warnings(text)).toEqual(["line 7: [engine] engine=slide: taken as name"]);
  expect(warnings(put(SLIDE, "engine", "engine=cslide"))).toEqual([
    "line 9: [engine] engine=cslide: not used, name of line 7 counts",
  ]);
});

test("compileConfig() takes the last value of a repeated key", () => {
  const text = SLIDE.replace("loop=3", "loop=4\nloop=5");
  expect(compile(text).projects[0]?.loop).toBe(5);
  expect(warnings(text)).toEqual(["line 3: [project] loop=4: not used, loop of line 4 counts"]);
});

test("compileConfig() takes the last value of a repeated alias", () => {
  const text = SLIDE.replace("name=slide", "engine=memdcd\nengine=slide");
  expect(compile(text).engines).toEqual(compile(SLIDE).engines);
  expect(warnings(text)).toEqual([
    "line 7: [engine] engine=memdcd: not used, engine of line 8 counts",
    "line 8: [engine] engine=slide: taken as name",
  ]);
});

test("compileConfig() remarks in the order of the file, whatever is compiled first", () => {
  const task = put(SLIDE.slice(SLIDE.indexOf("[task]")), "task", "x=1");
  const project = put(SLIDE.slice(0, SLIDE.indexOf("[task]")), "project", "y=1");
  expect(warnings(task + project)).toEqual([
    'line 8: unknown key "x" in [task] of slide',
    'line 14: unknown key "y" in [project]',
  ]);
});

test("compileConfig() takes task names of 71 bytes, which an operator makes of 64", () => {
  const name = `${"x".repeat(64)}_task_0`;
  const text = put(SLIDE, "task", `name=${name}`);
  expect(compile(text).tasks[0]?.name).toBe(name);
  expect(warnings(text)).toEqual([
    `line 10: [task] name=${name}: is 71 bytes long, which old files may be: allowed is 63`,
  ]);
});

test.each(["0", "-1", "101", "2147483647"])(
  "compileConfig() takes dram_percent=%s as off, as the original does",
  (value) => {
    const text = put(SLIDE, "task", `dram_percent=${value}`);
    expect(compile(text).tasks[0]).not.toHaveProperty("dramPercent");
    expect(warnings(text)).toEqual([
      `line ${lineOf(text, `dram_percent=${value}`)}: [task] dram_percent=${value}: ` +
      "taken as off, allowed is 1 to 100",
    ]);
  },
);

test("compileConfig() takes names of 64 bytes, which old files may have", () => {
  const name = `${"é".repeat(31)}xy`;
  const text = put(SLIDE, "task", `name=${name}`);
  expect(compile(text).tasks[0]?.name).toBe(name);
  expect(warnings(text)).toEqual([
    `line 10: [task] name=${name}: is 64 bytes long, which old files may be: allowed is 63`,
  ]);
  expect(warnings(put(SLIDE, "task", `name=${"x".repeat(63)}`))).toEqual([]);
});

test.each([[0, 1], [-5, 1], [1, 1], [5, 5], [6, 5], [2147483647, 5]])(
  "compileConfig() makes max_threads=%i to %i on 2 cores",
  (given, taken) => {
    for (const base of [SLIDE, THIRD_PARTY]) {
      const text = put(base, "task", `max_threads=${given}`);
      expect(compile(text).tasks[0]).toHaveProperty("maxThreads", taken);
      expect(warnings(text).map((line) => line.replace(/^line \d+: /, ""))).toEqual(
        given === taken
          ? []
          : [`[task] max_threads=${given}: taken as ${taken}, allowed is 1 to 5 (2 * cores + 1)`],
      );
    }
  },
);

test.each([[0, 0], [3, 3], [4, 3], [9, 3]])(
  "compileConfig() makes T=%i to %i of loop=3",
  (given, taken) => {
    const text = put(SLIDE, "task", `T=${given}`);
    expect(compile(text).tasks[0]).toHaveProperty("coldThreshold", taken);
    expect(warnings(text)).toEqual(
      given === taken ? [] : [
        `line 15: [task] T=${given}: taken as 3, memory used in each of loop=3 scans is never cold`,
      ],
    );
  },
);

test("compileConfig() warns that dram_percent and tracker=smaps will not start", () => {
  const warning =
    "[task] dram_percent=50: the start will be refused, tracker=smaps cannot order pages";
  const task = put(SLIDE, "task", "dram_percent=50");
  expect(warnings(put(task, "project", "tracker=smaps"))).toEqual([`line 17: ${warning}`]);
  const alone = task.slice(task.indexOf("[task]"));
  expect(warnings(alone, [{ ...KNOWN_PROJECT, tracker: "smaps" }])).toEqual([`line 8: ${warning}`]);
  expect(warnings(alone, [KNOWN_PROJECT])).toEqual([]);
  expect(warnings(alone)).toEqual([]);
});

test("compileConfig() warns of vm_flags without ht", () => {
  expect(warnings(put(CSLIDE, "task", "vm_flags=hg nh"))).toEqual([
    "line 14: [task] vm_flags=hg nh: does not have ht, the only flag for memory on AEP",
  ]);
  expect(warnings(put(CSLIDE, "task", "vm_flags=rd ht"))).toEqual([]);
});

test("compileConfig() warns of a comment that became part of a value", () => {
  expect(warnings(put(THIRD_PARTY, "engine", "libname=/mine.so # mine"))).toEqual([
    "line 5: [engine] libname=/mine.so # mine: a comment would need a line of its own",
  ]);
});

test("compileConfig() lists a hundred warnings in the order of the file and counts the rest", () => {
  const lines = Array.from({ length: 150 }, (_, i) => `key${i}=1\n`).join("");
  const all = warnings(SLIDE.replace("[engine]\n", `${lines}[engine]\n`));
  expect(all).toHaveLength(101);
  expect(all[0]).toStartWith('line 6: unknown key "key0"');
  expect(all[99]).toStartWith('line 105: unknown key "key99"');
  expect(all[100]).toBe('"/f": 50 more warnings');
});
