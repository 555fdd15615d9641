import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SystemCallError } from "../../../../ffi/errno.ts";
import { processKey, SpaceKeys } from "../../../../src/engine/round/space_keys.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { AddressSpace } from "../../../tools/fixtures/address_space.ts";
import { OpenProcess } from "../../../tools/fixtures/open_process.ts";

const ESRCH = 3;
const ENOSYS = 38;
const task = {};
const other = {};

/** A process of a made-up kernel. */
const owner = (pid: number, memoryId = "1:1") => ({ pid, startTicks: 7, memoryId });

/** A made-up kernel: by pid, the address spaces of those that live. */
class Kernel {
  readonly spaces = new Map<number, number>();
  asked = 0;

  readonly compare = (pid: number, than: number): -1 | 0 | 1 => {
    this.asked++;
    const [one, two] = [this.spaces.get(pid), this.spaces.get(than)];
    if (one === undefined || two === undefined) throw new SystemCallError("kcmp", ESRCH);
    return one === two ? 0 : one < two ? -1 : 1;
  };
}

function foundOf(pid: number) {
  using opened = new OpenProcess(pid);
  const { startTicks, memoryId } = readProcessStat(opened.dirFd)!;
  return { pid, startTicks, memoryId };
}

describe("SpaceKeys", () => {
  test("keyOf() gives two processes with one address space one key, and others another", async () => {
    await using pair = await AddressSpace.start("shared", 1);
    await using lone = await AddressSpace.start("alone", 1);
    const keys = new SpaceKeys();
    const key = keys.keyOf(foundOf(pair.pid), task);
    expect(key).toBe(processKey(foundOf(pair.pid)));
    expect(keys.keyOf(foundOf(pair.other), other)).toBe(key);
    expect(keys.keyOf(foundOf(lone.pid), other)).not.toBe(key);
    // The one executes another program, the other keeps the memory.
    await pair.tell("exec");
    expect(keys.keyOf(foundOf(pair.pid), task)).not.toBe(key);
    expect(keys.keyOf(foundOf(pair.other), other)).toBe(key);
  });

  test("keyOf() agrees with the kernel, whatever ends, executes or is forgotten", () => {
    const step = fc.record({
      pid: fc.integer({ min: 1, max: 12 }),
      kind: fc.constantFrom("share", "exec", "end", "forget", "look", "look"),
      space: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const kernel = new Kernel();
        const keys = new SpaceKeys(kernel.compare);
        let spaces = 5;
        for (const { pid, kind, space } of steps) {
          if (kind === "end") kernel.spaces.delete(pid);
          else if (kind === "exec") kernel.spaces.set(pid, ++spaces);
          else if (kind === "share" && !kernel.spaces.has(pid)) kernel.spaces.set(pid, space);
          const living = [...kernel.spaces.keys()];
          if (kind === "forget") keys.forgetAllBut(new Set(living.map((one) => `${one}:7`)), task);
          if (kind !== "look") continue;
          // Each program lies elsewhere.
          const keyOf = (one: number): string =>
            keys.keyOf(
              owner(one, kernel.spaces.get(one)! <= 5 ? "1:1" : `${kernel.spaces.get(one)}`),
              task,
            );
          const known = new Map(living.map((one) => [one, keyOf(one)]));
          for (const one of living) {
            for (const two of living) {
              const isOne = kernel.spaces.get(one) === kernel.spaces.get(two);
              expect(known.get(one) === known.get(two)).toBe(isOne);
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test("keyOf() asks of a family of thousands no more than the logarithm of their number", () => {
    const kernel = new Kernel();
    const keys = new SpaceKeys(kernel.compare);
    const pids = Array.from({ length: 4000 }, (_, i) => (i * 1999) % 4000 + 1);
    for (const pid of pids) kernel.spaces.set(pid, pid);
    expect(new Set(pids.map((pid) => keys.keyOf(owner(pid), task))).size).toBe(4000);
    expect(kernel.asked).toBeLessThan(4000 * 13);
    kernel.asked = 0;
    for (const pid of pids) keys.keyOf(owner(pid), other);
    expect(kernel.asked).toBe(0);
  });

  test("keyOf() tells processes apart where the kernel has no kcmp", () => {
    const keys = new SpaceKeys(() => {
      throw new SystemCallError("kcmp", ENOSYS);
    });
    expect(keys.keyOf(owner(1), task)).not.toBe(keys.keyOf(owner(2), task));
  });

  test("forgetAllBut() keeps what another task sees, and returns the spaces that are seen", () => {
    const kernel = new Kernel();
    const keys = new SpaceKeys(kernel.compare);
    for (const [pid, space] of [[1, 1], [2, 1], [3, 3]] as const) kernel.spaces.set(pid, space);
    for (const pid of [1, 3]) keys.keyOf(owner(pid), task);
    keys.keyOf(owner(2), other);
    expect(keys.forgetAllBut(new Set(["1:7", "3:7"]), task)).toEqual(new Set(["1:7", "3:7"]));
    expect(keys.forgetAllBut(new Set(), task)).toEqual(new Set());
    // Process 1 is forgotten, and the space that it gave its key is not.
    expect(keys.keyOf(owner(2), other)).toBe("1:7");
    expect(keys.keyOf(owner(1), task)).toBe("1:7");
  });
});
