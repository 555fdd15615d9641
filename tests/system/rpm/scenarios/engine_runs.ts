import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { demand } from "../../../vm/guest/demand.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { demandWhole, haveSwap, startCold, untilGone } from "../guest/cold_process.ts";
import { run } from "../guest/command.ts";
import { freshly } from "../guest/package.ts";
import { etmem } from "../guest/service.ts";

const FOLDER = "/usr/lib64/etmem";

function config(targetPid: number): string {
  return "[project]\nname=example\nloop=2\ninterval=1\nsleep=1\n" +
    "[engine]\nname=thirdparty\nproject=example\neng_name=idle_twice\nops_name=idle_twice_ops\n" +
    `libname=${FOLDER}/idle_twice.so\nanon_only=yes\n` +
    `[task]\nname=cold\nproject=example\nengine=idle_twice\ntype=pid\nvalue=${targetPid}\n`;
}

/** A third-party engine, linked with the installed library, finds within the unit what it needs. */
export const engineRuns: Scenario = {
  name: "engine_runs",
  deadlineSeconds: 300,
  async run() {
    freshly();
    haveSwap();
    mkdirSync(FOLDER, { recursive: true });
    copyFileSync("/host/idle_twice.so", `${FOLDER}/idle_twice.so`);
    chmodSync(`${FOLDER}/idle_twice.so`, 0o500);
    // where openEuler's linker looks, and Debian's does not
    writeFileSync("/etc/ld.so.conf.d/lib64.conf", "/usr/lib64\n");
    run("ldconfig");
    using target = await startCold();
    writeFileSync("/root/engine.conf", config(target.pid), { mode: 0o600 });
    run("systemctl", "start", "etmemd");
    etmem("obj", "add", "-f", "/root/engine.conf");
    etmem("project", "start", "-n", "example");
    await untilGone(target);
    const counts = etmem("engine", "showcounts", "-n", "example", "-e", "idle_twice", "-t", "cold");
    demand(counts.includes(String(target.pid)), `the engine counts ${counts}`);
    etmem("project", "stop", "-n", "example");
    await demandWhole(target);
    run("systemctl", "stop", "etmemd");
    rmSync(FOLDER, { recursive: true });
  },
};
