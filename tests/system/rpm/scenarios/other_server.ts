import { readFileSync } from "node:fs";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { demand } from "../../../vm/guest/demand.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { attempt, run } from "../guest/command.ts";
import { freshly } from "../guest/package.ts";
import { mainPid, SOCKET } from "../guest/service.ts";

const OTHER = "other_socket";

/** The service has its own server, also where one that was started by hand has the pid file. */
export const otherServer: Scenario = {
  name: "service_beside_another_server",
  deadlineSeconds: 120,
  async run() {
    freshly();
    run("/usr/bin/etmemd", "-m", "--socket", OTHER);
    const other = Number(readFileSync("/run/etmemd.pid", "utf8"));
    try {
      run("systemctl", "start", "etmemd");
      const pid = mainPid();
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      demand(command.includes(SOCKET), `the main process is ${command.join(" ")}`);
      process.kill(pid, "SIGKILL");
      await waitFor("another server of the service", () => {
        return ![0, pid].includes(mainPid()) &&
          attempt("systemctl", "is-active", "etmemd").status === 0;
      }, { firstPauseMs: 100 });
      run("systemctl", "stop", "etmemd");
      demand(mainPid() === 0, "the service did not stop");
      run("/usr/bin/etmem", "project", "show", "-s", OTHER);
      demand(
        Number(readFileSync("/run/etmemd.pid", "utf8")) === other,
        "the pid file is another's",
      );
    } finally {
      process.kill(other, "SIGTERM");
      await waitFor("the other server to end", () => {
        return attempt("/usr/bin/etmem", "project", "show", "-s", OTHER).status === 3;
      }, { firstPauseMs: 100 });
    }
  },
};
