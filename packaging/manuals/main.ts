/** `npm run manuals`: makes dist/man of docs/man and of the program's own tables. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildManuals } from "./build_manuals.ts";

const folder = join(import.meta.dirname, "../../dist/man");
mkdirSync(folder, { recursive: true });
for (const [name, page] of await buildManuals()) await Bun.write(join(folder, name), page);
