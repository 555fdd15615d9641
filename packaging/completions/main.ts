/**
 * `npm run completions`: makes dist/completions of the scripts here
 * and of the program's own tables.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildCompletions } from "./build_completions.ts";

const folder = join(import.meta.dirname, "../../dist/completions");
mkdirSync(folder, { recursive: true });
for (const [name, script] of buildCompletions()) await Bun.write(join(folder, name), script);
