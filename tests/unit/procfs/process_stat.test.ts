import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AT_FDCWD, close, O_RDONLY, openAt } from "../../../ffi/libc.ts";
import { parseProcessStat, readProcessStat } from "../../../src/procfs/process_stat.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

/** A line of /proc/PID/stat with 52 fields. */
function stat(comm: string, fields: Readonly<Record<number, string | number>> = {}): string {
  const numbers = Array.from({ length: 52 }, (_, i) => String(i + 1));
  for (const [number, value] of Object.entries(fields)) numbers[Number(number) - 1] = String(value);
  return `${numbers[0]} (${comm}) ${numbers.slice(2).join(" ")}\n`;
}

describe("parseProcessStat()", () => {
  test("reads the fields that the manual page numbers", () => {
    expect(parseProcessStat(stat("x", { 3: "S", 4: 77, 9: 0x400100, 20: 3, 22: 123456789012 })))
      .toEqual({
        comm: "x",
        ppid: 77,
        isKernelThread: false,
        hasThreadEnded: false,
        isDead: false,
        threads: 3,
        startTicks: 123456789012,
        memoryId: "26:28",
        faults: 22,
        majorFaults: 12,
        activity: "10:12:23:24",
      });
  });

  test("tells kernel threads and the dead", () => {
    expect(parseProcessStat(stat("kworker/0:1", { 3: "I", 9: 0x0420_8060 })).isKernelThread).toBe(
      true,
    );
    for (const [state, isDead] of [["Z", true], ["X", true], ["R", false], ["D", false]] as const) {
      const alone = parseProcessStat(stat("x", { 3: state, 9: 0, 20: 1 }));
      expect(alone).toMatchObject({ isDead, hasThreadEnded: isDead });
      // The first thread has ended, another lives.
      const others = parseProcessStat(stat("x", { 3: state, 9: 0, 20: 2 }));
      expect(others).toMatchObject({ isDead: false, hasThreadEnded: isDead });
    }
  });

  test("takes any name for what it is", () => {
    const char = fc.constantFrom(")", "(", " ", "1", "S", "\\", "\xff", "a", "n", "/", "\t", "\n");
    const name = fc.array(char, { maxLength: 15 }).map((chars) => chars.join(""));
    fc.assert(fc.property(name, (comm) => {
      // string_escape_str(tcomm, ..., "\n\\") of proc_task_name()
      const escaped = comm.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
      const parsed = parseProcessStat(stat(escaped, { 3: "S", 4: 5, 9: 0, 22: 99 }));
      expect(parsed).toMatchObject({ comm, ppid: 5, startTicks: 99 });
    }));
  });

  test("says which field it cannot read", () => {
    expect(() => parseProcessStat("")).toThrow("Cannot read field 3 in line 1 of stat");
    expect(() => parseProcessStat("1 x) S 1")).toThrow("Cannot read field 3");
    expect(() => parseProcessStat(stat("x", { 4: "many" }))).toThrow(
      'Cannot read field 4 in line 1 of stat: found "many"',
    );
    expect(() => parseProcessStat("1 (x) S 1 2 3 4 5 6 7 8")).toThrow("Cannot read field 20");
    expect(() => parseProcessStat(stat("x", { 4: "" }))).toThrow(
      'field 4 in line 1 of stat: found ""',
    );
    expect(() => parseProcessStat(stat("x", { 22: "0x10" }))).toThrow('found "0x10"');
    expect(() => parseProcessStat(stat("x", {}).replace(") ", "):"))).toThrow("field 3");
  });
});

describe("readProcessStat()", () => {
  test("tells this process and changes of a process's memory", async () => {
    const dirFd = openAt(AT_FDCWD, "/proc/self", O_RDONLY);
    const own = readProcessStat(dirFd);
    close(dirFd);
    expect(own).toMatchObject({ ppid: process.ppid, isKernelThread: false, isDead: false });

    using trial = await TargetProcess.start();
    const before = readProcessStat(trial.process.dirFd)!;
    expect(before.ppid).toBe(process.pid);
    await trial.exec();
    const after = readProcessStat(trial.process.dirFd)!;
    expect(after.startTicks).toBe(before.startTicks);
    expect(after.memoryId).not.toBe(before.memoryId);
    await trial.end();
    expect(readProcessStat(trial.process.dirFd)).toBeUndefined();
  });

  test("shows activity when pages become present, and none while none do", async () => {
    const dirFd = openAt(AT_FDCWD, "/proc/self", O_RDONLY);
    const activity = (): string => readProcessStat(dirFd)!.activity;
    const before = activity();
    expect(new Uint8Array(64 * 2 ** 20).fill(1).at(-1)).toBe(1);
    expect(activity()).not.toBe(before);
    close(dirFd);

    using idle = await TargetProcess.start({ hot: "none" });
    const still = readProcessStat(idle.process.dirFd)!.activity;
    expect(readProcessStat(idle.process.dirFd)!.activity).toBe(still);
  });
});
