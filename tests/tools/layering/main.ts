import { join } from "node:path";
import { layeringViolations } from "./layering.ts";
import { unlistedFolders } from "./unlisted_folders.ts";
import { unusedGrants } from "./unused_grants.ts";

// The layering check of this repository: a line for each violation, status 1 when there is one.
const top = join(import.meta.dir, "../../..");
const checks = [layeringViolations, unusedGrants, unlistedFolders];
const violations = checks.flatMap((check) => check(top));
for (const violation of violations) console.error(violation);
process.exitCode = violations.length > 0 ? 1 : 0;
