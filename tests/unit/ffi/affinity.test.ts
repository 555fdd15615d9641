import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { bindThread, CpuStay, threadCpus } from "../../../ffi/affinity.ts";
import { SystemCallError } from "../../../ffi/errno.ts";
import { parseIdList } from "../../../src/procfs/nodes.ts";

/** What the kernel says of this thread. */
function allowedCpus(): number[] {
  const status = readFileSync("/proc/thread-self/status", "latin1");
  return parseIdList(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? "", "status");
}

describe("threadCpus()", () => {
  test("threadCpus() is what the kernel says when nothing is bound", () => {
    expect(threadCpus()).toEqual(allowedCpus());
  });
});

describe("CpuStay", () => {
  test("CpuStay keeps the thread on a CPU and lets it go when it is disposed of", () => {
    const before = allowedCpus();
    const cpu = before.at(-1) ?? -1;
    {
      using stay = new CpuStay([cpu, 8000]);
      expect(stay.cpus).toEqual([cpu]);
      expect(allowedCpus()).toEqual([cpu]);
    }
    expect(allowedCpus()).toEqual(before);
  });

  test("CpuStay lets the thread go when the work in it throws", () => {
    const before = allowedCpus();
    expect(() => {
      using stay = new CpuStay(before.slice(0, 1));
      expect(allowedCpus()).toEqual([...stay.cpus]);
      throw new Error("move failed");
    }).toThrow("move failed");
    expect(allowedCpus()).toEqual(before);
  });

  test("CpuStay leaves the thread as it is when none of the CPUs is allowed", () => {
    const before = allowedCpus();
    {
      using stay = new CpuStay([8000]);
      expect(stay.cpus).toEqual([]);
      expect(allowedCpus()).toEqual(before);
    }
    expect(allowedCpus()).toEqual(before);
  });

  test("CpuStay keeps to the CPUs that the thread was allowed when it was bound before", () => {
    const before = allowedCpus();
    try {
      bindThread(before.slice(0, 1));
      using stay = new CpuStay(before);
      expect(stay.cpus).toEqual(before.slice(0, 1));
    } finally {
      bindThread(before);
    }
    expect(allowedCpus()).toEqual(before);
  });
});

describe("bindThread()", () => {
  test("bindThread() throws EINVAL when no CPU is left", () => {
    const before = allowedCpus();
    let code: string | undefined;
    try {
      bindThread([8000]);
    } catch (error) {
      code = error instanceof SystemCallError ? error.code : String(error);
    }
    expect(code).toBe("EINVAL");
    expect(allowedCpus()).toEqual(before);
  });

  test("bindThread() refuses what is no CPU number when it is given one", () => {
    for (const cpu of [-1, 8192, 0.5, Number.NaN]) {
      expect(() => bindThread([cpu])).toThrow(RangeError);
    }
  });
});
