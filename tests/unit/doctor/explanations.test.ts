import { describe, expect, test } from "bun:test";
import { explain } from "../../../src/doctor/explain.ts";
import { EXPLANATIONS } from "../../../src/doctor/explanations.ts";
import { REASONS } from "../../../src/reason/reasons.ts";

const PLACES: ReadonlySet<string> = new Set(["socket", "project", "pid", "detail"]);
const PLACE = { about: "it", socket: "my_socket", project: "web", pid: 4711 };

describe("EXPLANATIONS", () => {
  test("explains every reason that status can show, and no other", () => {
    expect(Object.keys(EXPLANATIONS).sort()).toEqual(REASONS.map(([name]) => name).sort());
  });

  for (const [name, text] of REASONS) {
    const { meaning, remedy, commands = [], hinders } = EXPLANATIONS[name];

    test(`explains ${name} in whole sentences`, () => {
      for (const sentence of [meaning, remedy]) expect(sentence).toMatch(/^[A-Z{].*\.$/s);
      for (const line of [meaning, remedy, ...commands]) {
        const places = [...line.matchAll(/\{(\w+)\}/g)].map(([, place]) => place!);
        expect(places.filter((place) => !PLACES.has(place))).toEqual([]);
        // A detail that the reason does not have would show as a word.
        if (places.includes("detail")) expect(text).toContain("{}");
      }
    });

    test(`says what mends ${name} if it always hinders`, () => {
      if (hinders !== "always") return;
      expect(remedy).not.toContain("Nothing needs to be done");
    });
  }
});

describe("explain()", () => {
  test("fills in what the reason is about", () => {
    const reason = "its control group may not swap: memory.swap.max is 0";
    expect(explain(reason, "found", "hinders", PLACE)).toMatchObject({
      weight: "hinders",
      about: "it",
      found: "found",
      meaning: expect.stringMatching(/^memory\.swap\.max is 0 for the process/),
      commands: expect.arrayContaining(["cat /proc/4711/cgroup"]),
    });
    expect(explain("the process has ended", "found", "note", PLACE).commands).toEqual([
      "etmem project stop -n web -s my_socket",
    ]);
  });

  test("leaves a word in capitals for what is not known", () => {
    expect(explain("the process has ended", "found", "note", { about: "it" }).commands).toEqual([
      "etmem project stop -n PROJECT -s SOCKET",
    ]);
  });

  test("says of a reason within a reason what mends that", () => {
    const { meaning, commands } = explain(
      "paused for 4 s: swap space is nearly full",
      "found",
      "hinders",
      PLACE,
    );
    expect(meaning).toMatch(/tries again by itself.* Less than 1\/64 of the swap space is free/);
    expect(commands).toContain("swapon --show");
    const other = explain("paused for 4 s: write: EIO", "found", "hinders", PLACE);
    expect(other.commands).toContain("zramctl");
  });

  test("explains a reason that it does not know as a failure", () => {
    const { meaning } = explain("read: EIO", "found", "note", { about: "it" });
    expect(meaning).toContain("A call to the kernel failed");
  });
});
