import { demand } from "../../../vm/guest/demand.ts";
import type { Scenario } from "../../../vm/scenario.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";
import { run } from "../guest/command.ts";
import { freshly } from "../guest/package.ts";

const URL = "http://127.0.0.1:9819/metrics";

async function isUp(value: string): Promise<boolean> {
  const text = await fetch(URL).then((answer) => answer.text(), () => "");
  return text.includes(`\netmem_up ${value}\n`);
}

/** The exporter, started as systemd starts it, gives the metrics of the service. */
export const exporterServes: Scenario = {
  name: "exporter_serves",
  deadlineSeconds: 180,
  async run() {
    freshly();
    run("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/etmem-exporter.service");
    run("systemctl", "start", "etmemd", "etmem-exporter");
    await waitFor("the metrics of the service", () => isUp("1"));
    run("systemctl", "stop", "etmemd");
    demand(await isUp("0"), "the service is still said to be up");
    run("systemctl", "stop", "etmem-exporter");
  },
};
