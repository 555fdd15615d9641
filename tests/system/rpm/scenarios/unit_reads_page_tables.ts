import type { ServerStatus } from "../../../../src/status/server_status.ts";
import { Target } from "../../../tools/fixtures/target.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { demand } from "../../../vm/guest/demand.ts";
import { BIN, isStockKernel, processMemory } from "../../../vm/guest/machine.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { demandWhole, haveSwap } from "../guest/cold_process.ts";
import { run } from "../guest/command.ts";
import { freshly } from "../guest/package.ts";
import { etmem, writeConf } from "../guest/service.ts";

const SIZE_BYTES = 32 * 2 ** 20;
/** All but every 16th page. */
const COLD_BYTES = SIZE_BYTES / 16 * 15;

/** On a stock kernel the unit lets the server read page tables: single pages leave. */
export const unitReadsPageTables: Scenario = {
  name: "unit_reads_page_tables",
  deadlineSeconds: 300,
  async run() {
    demand(isStockKernel(), "this kernel has the etmem interface");
    freshly();
    haveSwap();
    const options = { sizeBytes: SIZE_BYTES, hot: "every:16" } as const;
    using target = await Target.start([`${BIN}/target`], "/tmp/record-pages", options);
    writeConf("/root/pages.conf", "pages", target.pid);
    run("systemctl", "start", "etmemd");
    etmem("obj", "add", "-f", "/root/pages.conf");
    etmem("project", "start", "-n", "pages");
    await waitFor("the cold pages to go", () => {
      return processMemory(target.pid, "VmSwap") >= COLD_BYTES * 0.99;
    }, { firstPauseMs: 50 });
    const { projects } = JSON.parse(etmem("status", "--json")) as ServerStatus;
    const task = projects.flatMap(({ engines }) => engines).flatMap(({ tasks }) => tasks)[0];
    demand(task?.tracker === "page_table", `the tracker is ${task?.tracker}`);
    etmem("project", "stop", "-n", "pages");
    await demandWhole(target);
    run("systemctl", "stop", "etmemd");
  },
};
