import { BOOTS } from "../scenarios.ts";
import { drive } from "./drive.ts";

process.exit(await drive(BOOTS.flatMap((boot) => boot.scenarios)));
