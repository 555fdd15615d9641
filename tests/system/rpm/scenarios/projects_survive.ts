import { writeFileSync } from "node:fs";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { demand } from "../../../vm/guest/demand.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { haveSwap, startCold, untilGone } from "../guest/cold_process.ts";
import { attempt, run } from "../guest/command.ts";
import { freshly } from "../guest/package.ts";
import { CONF_DIR, etmem, journal, mainPid, untilProjects, writeConf } from "../guest/service.ts";

/**
 * What stands in conf.d is followed, and there again after a restart and after a crash; what was
 * stopped stays stopped.
 */
export const projectsSurvive: Scenario = {
  name: "projects_survive",
  deadlineSeconds: 300,
  async run() {
    freshly();
    haveSwap();
    using before = await startCold();
    using after = await startCold();
    writeConf(`${CONF_DIR}/10-kept.conf`, "kept", before.pid);
    writeFileSync(
      `${CONF_DIR}/20-broken.conf`,
      "[project]\nname=broken\nloop=0\ninterval=1\nsleep=1\n",
      {
        mode: 0o600,
      },
    );
    writeConf(`${CONF_DIR}/30-stopped.conf`, "stopped", before.pid);
    writeConf("/tmp/passing.conf", "passing", before.pid);
    run("systemctl", "start", "etmemd");
    await untilProjects("stopped started persistent", "kept started persistent");
    demand(
      /20-broken\.conf.*loop=0: out of range/.test(journal()),
      "the journal does not name the broken file",
    );
    etmem("obj", "add", "-f", "/tmp/passing.conf");
    etmem("project", "start", "-n", "passing");
    etmem("project", "stop", "-n", "stopped");
    await untilGone(before);

    const first = mainPid();
    writeConf(`${CONF_DIR}/10-kept.conf`, "kept", after.pid);
    run("systemctl", "reload", "etmemd");
    await untilGone(after);
    demand(mainPid() === first, "the reload has started another server");
    run("systemctl", "restart", "etmemd");
    await untilProjects("stopped stopped persistent", "kept started persistent");

    const killed = mainPid();
    process.kill(killed, "SIGKILL");
    await waitFor("another server", () => {
      const pid = mainPid();
      return pid !== 0 && pid !== killed &&
        attempt("systemctl", "is-active", "etmemd").status === 0;
    }, { firstPauseMs: 100 });
    await untilProjects("stopped stopped persistent", "kept started persistent");
    run("systemctl", "stop", "etmemd");
  },
};
