import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { CMemory } from "../../../ffi/c_memory.ts";
import { FaultInjector } from "../../tools/fixtures/fault_injector.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { ERRNOS, type Reaction, WRAPPER_FAULTS, type WrapperFaults } from "./wrapper_faults.ts";

const folder = new ScratchFolder();
afterAll(() => folder[Symbol.dispose]());

const missing = FaultInjector.missing();
if (missing !== undefined) console.log(`wrappers whose system call fails: left out: ${missing}`);

/** What was seen, by wrapper and errno. */
const outcomes = new Map<string, string>();

beforeAll(() => {
  if (missing !== undefined) return;
  const calls = new Set(WRAPPER_FAULTS.map(({ syscall }) => syscall));
  const { wrapper } = new FaultInjector(folder.path, [...calls]);
  const { stdout, stderr, exitCode } = Bun.spawnSync([
    ...wrapper,
    process.execPath,
    join(import.meta.dir, "faulty_calls.ts"),
  ]);
  if (exitCode !== 0) throw new Error(`status ${exitCode}: ${stderr.toString()}`);
  for (const line of stdout.toString().trim().split("\n")) {
    const [, key = "", outcome = ""] = /^(\S+ \S+) (.*)$/.exec(line) ?? [];
    outcomes.set(key, outcome);
  }
});

function expected({ reaction, interrupted }: WrapperFaults, errno: string): string {
  const wanted: Reaction = errno === "EINTR" ? interrupted : reaction;
  switch (wanted) {
    case "throws":
      return `threw ${errno} after 1`;
    case "tries again":
      return "returned after 2";
    case "goes on":
      return "returned after 1";
  }
}

describe.skipIf(missing !== undefined)("a wrapper whose system call fails", () => {
  for (const faults of WRAPPER_FAULTS) {
    const { wrapper, syscall, reaction, interrupted } = faults;
    test(`${wrapper}() ${reaction}, and ${interrupted} on EINTR, when ${syscall} fails`, () => {
      for (const errno of Object.keys(ERRNOS)) {
        expect(`${errno} ${outcomes.get(`${wrapper} ${errno}`)}`)
          .toBe(`${errno} ${expected(faults, errno)}`);
      }
    });
  }
});

test("CMemory throws when there is no memory", () => {
  expect(() => new CMemory(2 ** 50)).toThrow(`Cannot allocate ${2 ** 50} bytes: no memory`);
});
