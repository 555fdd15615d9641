import { afterAll, describe, expect, test } from "bun:test";
import { availableParallelism } from "node:os";
import { PROCESS_MADVISE } from "../../src/mover/mover_process_madvise.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { expectAccount, processMemory, slideFile, SlideServer } from "./slide_server.ts";

const MIB = 2 ** 20;
const WORKERS = 2 * availableParallelism() + 1;

const swap = TemporarySwap.make(64 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`a server in limits of memory: left out: ${missing}`);

describe.skipIf(missing !== undefined)("a server in limits of memory", () => {
  // What docs/kernels.md says that it needs.
  test.concurrent.each([
    ["-v", "VmPeak", 520 + 100 * WORKERS],
    ["-d", "VmData", 300 + 80 * WORKERS],
  ])(
    "moves memory with as little as it asks for (ulimit %s)",
    async (flag, counted, mib) => {
      using target = await TargetProcess.start({ hot: "none" });
      const through = ["sh", "-c", `ulimit ${flag} ${mib * 1024}; exec "$@"`, "sh"];
      await using server = await SlideServer.launch({ through });
      await server.add("a", slideFile("a", { pid: target.pid }));
      const round = await server.untilRound("a", "to move memory", (one) => one.moved_bytes > 0);
      expectAccount(round);
      expect(round.skipped).toEqual([]);
      expect(processMemory(target.pid, "VmSwap")).toBeGreaterThan(8 * MIB * 0.95);
      expect(processMemory(server.pid, counted)).toBeLessThan(mib * MIB);
      await server.stop("a");
      expect(await target.target.verify()).toBe(0);
    },
  );
});
