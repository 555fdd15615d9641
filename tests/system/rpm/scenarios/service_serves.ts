import { readFileSync } from "node:fs";
import { demand, note } from "../../../vm/guest/demand.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { demandWhole, haveSwap, startCold, untilGone } from "../guest/cold_process.ts";
import { run } from "../guest/command.ts";
import { freshly } from "../guest/package.ts";
import { environmentOf, etmem, mainPid, shownProjects, writeConf } from "../guest/service.ts";

/** The variables that would make the runtime in the executable something else. */
const STEERING = ["BUN_OPTIONS=--version", "BUN_BE_BUN=1"];

/**
 * The service, started as systemd starts it, moves the memory that files in /root and /tmp name.
 */
export const serviceServes: Scenario = {
  name: "service_serves",
  deadlineSeconds: 300,
  async run() {
    freshly();
    haveSwap();
    run("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/etmemd.service");
    using first = await startCold();
    using second = await startCold();
    run("systemctl", "set-environment", ...STEERING);
    try {
      const began = performance.now();
      run("systemctl", "start", "etmemd");
      note({ startMs: performance.now() - began });
    } finally {
      run("systemctl", "unset-environment", ...STEERING.map((one) => one.replace(/=.*/, "")));
    }
    const pid = mainPid();
    demand(
      readFileSync("/run/etmemd.pid", "utf8") === `${pid}\n`,
      "the pid file is not the unit's",
    );
    demand(readFileSync(`/proc/${pid}/comm`, "utf8") === "etmemd\n", "the process is no etmemd");
    const steering = environmentOf(pid).filter((one) => STEERING.includes(one));
    demand(steering.length === 0, `the server has ${steering.join(", ")}`);
    const score = readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim();
    demand(score === "-500", `its oom_score_adj is ${score}`);
    const swapMax = readFileSync(
      "/sys/fs/cgroup/system.slice/etmemd.service/memory.swap.max",
      "utf8",
    );
    demand(swapMax === "0\n", `its memory.swap.max is ${swapMax.trim()}`);

    writeConf("/root/first.conf", "first", first.pid);
    writeConf("/tmp/second.conf", "second", second.pid);
    for (const [file, project] of [["/root/first.conf", "first"], ["/tmp/second.conf", "second"]]) {
      etmem("obj", "add", "-f", String(file));
      etmem("project", "start", "-n", String(project));
    }
    await untilGone(first);
    await untilGone(second);
    const shown = shownProjects().join(", ");
    demand(shown === "second started passing, first started passing", `the projects are ${shown}`);
    for (const project of ["first", "second"]) etmem("project", "stop", "-n", project);
    await demandWhole(first);
    await demandWhole(second);
    run("systemctl", "stop", "etmemd");
    demand(mainPid() === 0, "the service did not stop");
  },
};
