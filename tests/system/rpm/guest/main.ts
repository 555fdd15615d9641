import { drive } from "../../../vm/guest/drive.ts";
import { BOOTS } from "../scenarios.ts";

process.exit(await drive(BOOTS.flatMap(({ scenarios }) => scenarios)));
