import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { FaultInjector } from "../../tools/fixtures/fault_injector.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const folder = new ScratchFolder();
afterAll(() => folder[Symbol.dispose]());

const missing = FaultInjector.missing();
if (missing !== undefined) console.log(`readers whose reads fail: left out: ${missing}`);

/** What was seen, by reader and fault. */
const outcomes = new Map<string, Map<string, string>>();

beforeAll(() => {
  if (missing !== undefined) return;
  const { wrapper } = new FaultInjector(folder.path, ["read", "pread64"]);
  const driver = join(import.meta.dir, "faulty_reads.ts");
  const { stdout, stderr, exitCode } = Bun.spawnSync([...wrapper, process.execPath, driver]);
  if (exitCode !== 0) throw new Error(`status ${exitCode}: ${stderr.toString()}`);
  for (const line of stdout.toString().trim().split("\n")) {
    const [, reader = "", fault = "", outcome = ""] = /^(\S+) (\S+) (.*)$/.exec(line) ?? [];
    let ofReader = outcomes.get(reader);
    if (ofReader === undefined) outcomes.set(reader, ofReader = new Map());
    ofReader.set(fault, outcome);
  }
});

/**
 * What is never read byte by byte: 64-bit words, and sysfs's lists of CPUs, which are empty then.
 */
const NO_BYTES = new Set(["pagemap", "pagemap_alive", "kpageflags", "nodes"]);
const READERS = [
  "maps",
  "smaps",
  "stat",
  "status",
  "comm",
  "meminfo",
  "zoneinfo",
  "nodes",
  "node_meminfo",
  "hugepages",
  "pagemap",
  "pagemap_alive",
  "kpageflags",
];

describe.skipIf(missing !== undefined)("a reader", () => {
  for (const reader of READERS) {
    test(`of ${reader} names what fails, and reads on when a read stops early`, () => {
      expect(Object.fromEntries(outcomes.get(reader) ?? [])).toEqual({
        EIO: "threw EIO",
        ENOMEM: "threw ENOMEM",
        EAGAIN: "threw EAGAIN",
        EINTR: "same",
        "short:8": "same",
        "short:104": "same",
        ...(NO_BYTES.has(reader) ? {} : { "short:1": "same" }),
      });
    });
  }

  test("findProcesses() says what it could not look at", () => {
    const search = outcomes.get("search");
    for (const code of ["EIO", "ENOMEM", "EAGAIN"]) {
      expect(search?.get(code)).toContain(`["${code}"]`);
    }
    for (const fault of ["EINTR", "short:1", "short:8", "short:104"]) {
      expect(search?.get(fault)).toBe("same");
    }
  });
});
