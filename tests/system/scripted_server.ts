import { takeStartMark } from "../../src/daemon/clean_start.ts";
import { serve } from "../../src/daemon/serve.ts";
import { parseServerOptions } from "../../src/daemon/server_options.ts";
import { type Call, ScriptedEngines } from "../unit/project/scripted_engine.ts";

/**
 * The real server with the scripted engine in place of slide: `scripted_server.ts HELD OPTION...`
 * SCRIPTED_WARNING_BYTES makes the status of each task so large.
 */
const [held = "[]", ...args] = process.argv.slice(2);
const engines = new ScriptedEngines();
for (const call of JSON.parse(held) as Call[]) engines.hold(call);

const warningBytes = Number(process.env["SCRIPTED_WARNING_BYTES"] ?? 0);
if (warningBytes > 0) engines.warning = "w".repeat(warningBytes);

takeStartMark();
const parsed = parseServerOptions(args);
if (parsed.info !== undefined) throw new Error("the scripted server has no help");
const support = {
  trackers: () => Promise.resolve([]),
  movers: () => [],
  workers: () => ({ workers: 0 }),
};
process.exit(
  await serve(
    parsed.options,
    "foreground",
    () => Promise.resolve({ kinds: [engines], support }),
  ),
);
