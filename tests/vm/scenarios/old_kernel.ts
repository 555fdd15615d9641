import { readFileSync } from "node:fs";
import { BIN } from "../guest/machine.ts";
import { demand } from "../guest/demand.ts";
import { MIB, startProject, trySlide } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/**
 * Server, clients and the modules' tracker and mover where no system call is newer than Linux 4.19,
 * that of openEuler 20.03: memory moves as on any other kernel, and what needs newer calls is
 * refused.
 */
export const oldKernel: Scenario = {
  name: "slide_on_old_kernel",
  deadlineSeconds: 300,
  async run() {
    const through = [`${BIN}/old_kernel`];
    const { server, task } = await trySlide(
      { sizeBytes: 128 * MIB, hot: "every:16" },
      { project: { loop: 2 } },
      through,
    );
    demand(
      task.tracker === "idle_pages" && task.mover === "swap_pages",
      `idle_pages and swap_pages are there, used ${task.tracker} and ${task.mover}`,
    );
    const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
    demand(/^Seccomp:\t2$/m.test(status), "the server's system calls were not filtered");
    const shown = await server.etmem("status");
    demand(
      shown.includes("no process_madvise: this kernel has no process_madvise (Linux 5.10)"),
      `status does not say that process_madvise is missing: ${shown}`,
    );
    await startProject(server);
    process.kill(server.pid, "SIGTERM");
    const ended = await server.exited;
    demand(ended === 0, `the server ended with status ${ended}`);
  },
};
