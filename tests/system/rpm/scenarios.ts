import type { Scenario } from "../../vm/scenario.ts";
import { engineRuns } from "./scenarios/engine_runs.ts";
import { erase } from "./scenarios/erase.ts";
import { otherServer } from "./scenarios/other_server.ts";
import { projectsSurvive } from "./scenarios/projects_survive.ts";
import { serviceServes } from "./scenarios/service_serves.ts";
import { upgradeRestarts, upgradeSpares } from "./scenarios/upgrade.ts";

/**
 * The life of the package. Each scenario puts the machine as it needs it;
 * in this order there is little to do.
 */
export const SCENARIOS: readonly Scenario[] = [
  serviceServes,
  otherServer,
  projectsSurvive,
  engineRuns,
  upgradeRestarts,
  upgradeSpares,
  erase,
];
