import { renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Builds dist/etmem, one executable for client, server and workers, and its other name dist/etmemd.
 *
 * Of the ways to build, bytecode with splitting starts the client fastest: without bytecode it takes half
 * as long again, and without splitting every client carries the server along.
 */
const top = import.meta.dirname;
const dist = join(top, "dist");
const draft = join(dist, ".build/etmem");
const alias = join(dist, "etmemd");

await Bun.build({
  entrypoints: ["main.ts", "src/engine/worker_main.ts"].map((path) => join(top, path)),
  root: top,
  target: "bun",
  format: "esm",
  minify: true,
  bytecode: true,
  splitting: true,
  compile: { outfile: draft, autoloadDotenv: false, autoloadBunfig: false },
});
// A server that runs keeps the executable that it was started from.
renameSync(draft, join(dist, "etmem"));
rmSync(dirname(draft), { recursive: true });
rmSync(alias, { force: true });
symlinkSync("etmem", alias);
