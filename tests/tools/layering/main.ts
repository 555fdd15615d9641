import { join } from "node:path";
import { layeringViolations } from "./layering.ts";

// The layering check of this repository: a line for each violation, status 1 when there is one.
const violations = layeringViolations(join(import.meta.dir, "../../.."));
for (const violation of violations) console.error(violation);
process.exitCode = violations.length > 0 ? 1 : 0;
