import { describe, expect, test } from "bun:test";
import { SystemCallError } from "../../../ffi/errno.ts";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import {
  IoVector,
  MADV_PAGEOUT,
  MAX_RANGES,
  PidFd,
  processMadvise,
} from "../../../ffi/process_madvise.ts";
import { pidDescriptorsOf } from "../../tools/fixtures/descriptors.ts";
import { TargetProcess } from "../../tools/fixtures/target_process.ts";

const errnoOf = (call: () => unknown): string | undefined => {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof SystemCallError ? `${error.syscall} ${error.code}` : String(error);
  }
};

/** Why this machine cannot do it; the tests are left out then. */
const missing = errnoOf(() => {
  using self = new PidFd(process.pid);
  processMadvise(self.fd, new IoVector(), 0, 0, MADV_PAGEOUT);
});
if (missing !== undefined) console.log(`processMadvise(): left out: ${missing}`);

describe("IoVector", () => {
  test("keeps addresses and sizes that are multiples of a page, up to 57 bits", () => {
    const vector = new IoVector();
    for (
      const value of [0, PAGE_SIZE, 2 ** 32 - PAGE_SIZE, 2 ** 32, 2 ** 47, 2 ** 57 - PAGE_SIZE]
    ) {
      vector.set(5, value, value);
      expect(vector.address(5)).toBe(value);
      expect(vector.bytes(5)).toBe(value);
    }
  });
});

describe("PidFd", () => {
  test("is closed at the end, and fails when there is no such process", async () => {
    {
      using self = new PidFd(process.pid);
      expect(self.fd).toBeGreaterThan(2);
      expect(pidDescriptorsOf(process.pid)).toBe(1);
    }
    expect(pidDescriptorsOf(process.pid)).toBe(0);
    const child = Bun.spawn(["true"]);
    await child.exited;
    expect(errnoOf(() => new PidFd(child.pid))).toBe("pidfd_open ESRCH");
  });
});

describe.skipIf(missing !== undefined)("processMadvise()", () => {
  test("answers the bytes of the ranges before the first one that it cannot do", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    const { start } = trial.area;
    using pidFd = new PidFd(trial.pid);
    const vector = new IoVector();
    vector.set(0, start, 2 * PAGE_SIZE);
    vector.set(1, start + 4 * PAGE_SIZE, PAGE_SIZE);
    vector.set(2, PAGE_SIZE, PAGE_SIZE);
    vector.set(3, start, PAGE_SIZE);
    expect(processMadvise(pidFd.fd, vector, 0, 4, MADV_PAGEOUT)).toBe(3 * PAGE_SIZE);
    expect(errnoOf(() => processMadvise(pidFd.fd, vector, 2, 2, MADV_PAGEOUT)))
      .toBe("process_madvise ENOMEM");
    expect(processMadvise(pidFd.fd, vector, 3, 1, MADV_PAGEOUT)).toBe(PAGE_SIZE);
  });

  test("fails when the process has ended", async () => {
    using trial = await TargetProcess.start();
    using pidFd = new PidFd(trial.pid);
    const vector = new IoVector();
    vector.set(0, trial.area.start, PAGE_SIZE);
    await trial.end();
    expect(errnoOf(() => processMadvise(pidFd.fd, vector, 0, 1, MADV_PAGEOUT)))
      .toBe("process_madvise ESRCH");
  });

  test("takes as many ranges as MAX_RANGES says", async () => {
    using trial = await TargetProcess.start({ hot: "none" });
    using pidFd = new PidFd(trial.pid);
    const vector = new IoVector();
    for (let i = 0; i < MAX_RANGES; i++) vector.set(i, trial.area.start + i * PAGE_SIZE, PAGE_SIZE);
    expect(processMadvise(pidFd.fd, vector, 0, MAX_RANGES, MADV_PAGEOUT))
      .toBe(MAX_RANGES * PAGE_SIZE);
  });
});
