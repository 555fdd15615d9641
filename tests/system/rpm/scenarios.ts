import type { Boot } from "../../vm/scenario.ts";
import { engineRuns } from "./scenarios/engine_runs.ts";
import { erase } from "./scenarios/erase.ts";
import { exporterServes } from "./scenarios/exporter_serves.ts";
import { otherServer } from "./scenarios/other_server.ts";
import { projectsSurvive } from "./scenarios/projects_survive.ts";
import { serviceServes } from "./scenarios/service_serves.ts";
import { unitReadsPageTables } from "./scenarios/unit_reads_page_tables.ts";
import { upgradeRestarts, upgradeSpares } from "./scenarios/upgrade.ts";

/**
 * The machines. On the first one is the life of the package: each scenario puts the machine as it
 * needs it; in this order there is little to do.
 */
export const BOOTS: readonly Boot[] = [
  {
    name: "package",
    scenarios: [
      serviceServes,
      exporterServes,
      otherServer,
      projectsSurvive,
      engineRuns,
      upgradeRestarts,
      upgradeSpares,
      erase,
    ],
  },
  { name: "stock", kernel: "debian-6.12", scenarios: [unitReadsPageTables] },
];
