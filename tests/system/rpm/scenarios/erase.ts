import { appendFileSync, existsSync } from "node:fs";
import { demand } from "../../../vm/guest/demand.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { haveSwap, startCold } from "../guest/cold_process.ts";
import { run } from "../guest/command.ts";
import { erasePackages, freshly } from "../guest/package.ts";
import { CONF_DIR, etmem, mainPid, untilProjects, writeConf } from "../guest/service.ts";

/** Every path on the disk and in /run that names the package. */
function remains(): string[] {
  const named = ["-iname", "*etmem*", "-prune", "-print"];
  const found = run("find", "/", "/run", "-xdev", "-path", "/tmp", "-prune", "-o", ...named);
  return found.trim().split("\n").sort();
}

/** Erasing stops the service and leaves nothing but the configuration. */
export const erase: Scenario = {
  name: "erase_leaves_the_confs",
  deadlineSeconds: 300,
  async run() {
    freshly();
    haveSwap();
    using target = await startCold();
    writeConf(`${CONF_DIR}/kept.conf`, "kept", target.pid);
    appendFileSync("/etc/etmem/cslide_conf.yaml", "# edited\n");
    run("systemctl", "enable", "--now", "etmemd");
    await untilProjects("kept started persistent");
    // leaves a file in /var/lib/etmem
    etmem("project", "stop", "-n", "kept");
    etmem("project", "start", "-n", "kept");
    demand(existsSync("/var/lib/etmem/etmemd_socket.json"), "there is no state to be removed");
    const pid = mainPid();
    demand(pid !== 0, "the service does not run");
    const { status, stderr } = erasePackages();
    demand(status === 0, `rpm -e: status ${status}: ${stderr}`);
    demand(!existsSync(`/proc/${pid}`), "the server still runs");
    const left = remains();
    demand(left.join() === "/etc/etmem", `there is left: ${left.join(", ")}`);
    const confs = run("find", "/etc/etmem", "-type", "f").trim().split("\n").sort();
    const expected = [`${CONF_DIR}/kept.conf`, "/etc/etmem/cslide_conf.yaml.rpmsave"];
    demand(confs.join() === expected.sort().join(), `the confs are ${confs.join(", ")}`);
  },
};
