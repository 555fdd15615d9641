import { writeFileSync } from "node:fs";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { demand, note } from "../guest/demand.ts";
import { meminfo, processMemory, swapOnZram } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import {
  MIB,
  slideConfig,
  startProject,
  startTarget,
  stopProject,
  TASK,
} from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

const SIZE = 32 * MIB;
/** What docs/kernels.md says that a server with one worker and a client beside it need. */
const SERVER = 350_000_000;
const CLIENT = 240_000_000;

/** Has the kernel refuse what is beyond so much more than is committed now (proc_sys_vm(5)). */
function limitCommit(moreBytes: number): void {
  // Swap space is part of CommitLimit.
  const bytes = meminfo("Committed_AS") + moreBytes - meminfo("SwapTotal");
  writeFileSync("/proc/sys/vm/overcommit_kbytes", String(Math.ceil(bytes / 1024)));
  writeFileSync("/proc/sys/vm/overcommit_memory", "2");
}

/** A server starts, moves and stops where the kernel promises no more memory than there is. */
export const overcommit: Scenario = {
  name: "slide_without_overcommit",
  deadlineSeconds: 300,
  async run() {
    swapOnZram(64);
    using target = await startTarget({ sizeBytes: SIZE });
    const before = meminfo("Committed_AS");
    limitCommit(SERVER + CLIENT);
    const server = await Server.start();
    note({ startedBytes: meminfo("Committed_AS") - before });
    await server.add(slideConfig(target.pid, { project: { loop: 1 } }));
    await startProject(server);
    await waitFor("the memory to be in swap", () => {
      return processMemory(target.pid, "VmSwap") >= SIZE * 0.95;
    });
    const { skipped, scan_errors } = (await server.untilRounds(TASK, 3)).rounds.at(-1)!;
    note({ atWorkBytes: meminfo("Committed_AS") - before });
    demand(meminfo("Committed_AS") <= meminfo("CommitLimit"), "the kernel does not keep the limit");
    demand(skipped.length === 0 && scan_errors === 0, `skipped: ${JSON.stringify(skipped)}`);
    await stopProject(server);
    process.kill(server.pid, "SIGTERM");
    const status = await server.exited;
    demand(status === 0, `the server ended with status ${status}`);
    const bad = await target.verify();
    demand(bad === 0, `the contents of ${bad} pages are wrong`);
  },
};
