import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { demand } from "../../../vm/guest/demand.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { haveSwap, startCold, untilGone } from "../guest/cold_process.ts";
import { run } from "../guest/command.ts";
import { freshly, installedRelease, upgrade } from "../guest/package.ts";
import { CONF_DIR, etmem, mainPid, untilProjects, writeConf } from "../guest/service.ts";

const EDITED = "/etc/etmem/slide_conf.yaml";
const EDIT = "# edited\n";

/** @returns what rpm said. */
function upgradeToSecond(): string {
  const { status, stdout, stderr } = upgrade(2);
  demand(status === 0, `rpm -U: status ${status}: ${stderr}`);
  demand(installedRelease() === 2, "the second release is not installed");
  return stdout + stderr;
}

/** An upgrade leaves a server alone that runs what would not come back, and says so. */
export const upgradeSpares: Scenario = {
  name: "upgrade_spares_what_would_be_lost",
  deadlineSeconds: 300,
  async run() {
    freshly();
    haveSwap();
    using before = await startCold();
    using after = await startCold();
    run("systemctl", "start", "etmemd");
    writeConf("/root/passing.conf", "passing", before.pid);
    etmem("obj", "add", "-f", "/root/passing.conf");
    etmem("project", "start", "-n", "passing");
    await untilGone(before);
    const pid = mainPid();
    const said = upgradeToSecond();
    demand(
      said.includes('was not restarted: Cannot restart the server without losing "passing"'),
      `rpm -U said "${said}"`,
    );
    demand(mainPid() === pid, "the service was restarted");
    // the old program goes on, though its file is gone
    writeConf("/root/more.conf", "more", after.pid);
    etmem("obj", "add", "-f", "/root/more.conf");
    etmem("project", "start", "-n", "more");
    await untilGone(after);
    await untilProjects("more started passing", "passing started passing");
    run("systemctl", "stop", "etmemd");
  },
};

/** An upgrade restarts a server whose projects come back, and keeps what was edited. */
export const upgradeRestarts: Scenario = {
  name: "upgrade_restarts_when_nothing_is_lost",
  deadlineSeconds: 300,
  async run() {
    freshly(1);
    haveSwap();
    using target = await startCold();
    writeConf(`${CONF_DIR}/kept.conf`, "kept", target.pid);
    const original = readFileSync(EDITED, "utf8");
    writeFileSync(EDITED, original + EDIT);
    run("systemctl", "start", "etmemd");
    await untilProjects("kept started persistent");
    const pid = mainPid();
    const said = upgradeToSecond();
    demand(said === "", `rpm -U said "${said}"`);
    demand(![0, pid].includes(mainPid()), "the service was not restarted");
    await untilProjects("kept started persistent");
    demand(readFileSync(EDITED, "utf8").endsWith(EDIT), "the edited file was replaced");
    demand(existsSync(`${CONF_DIR}/kept.conf`), "the file in conf.d is gone");
    await untilGone(target);
    run("systemctl", "stop", "etmemd");
    writeFileSync(EDITED, original);
  },
};
