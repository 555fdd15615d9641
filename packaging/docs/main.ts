/**
 * `npm run docs`: writes the sections of Markdown files that are made of the program's tables, see
 * sections.ts. With `--check` it writes nothing, and fails when a file has to be written.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeDocuments } from "./documents.ts";

const { check } = parseArgs({ options: { check: { type: "boolean" } } }).values;
const changed = makeDocuments(join(import.meta.dirname, "../.."))
  .filter(({ isCurrent }) => !isCurrent);
for (const { path, text } of changed) {
  if (check) console.error(`${path} is not what the program's tables say: npm run docs`);
  else await Bun.write(path, text);
}
if (check && changed.length > 0) process.exitCode = 1;
