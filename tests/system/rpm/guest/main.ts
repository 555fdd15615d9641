import { drive } from "../../../vm/guest/drive.ts";
import { SCENARIOS } from "../scenarios.ts";

process.exit(await drive(SCENARIOS));
