import { renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { architectureOf, nativeArchitecture } from "./packaging/architectures.ts";
import { findRuntime } from "./packaging/find_runtime.ts";
import { putBeforeStart } from "./packaging/put_before_start.ts";
import { startCode } from "./packaging/start_code.ts";
import { messageOf } from "./src/text/message_of.ts";

/**
 * Builds one executable for client, server and workers, and its other name:
 *
 *   npm run build                      dist/etmem and dist/etmemd
 *   npm run build -- --arch aarch64    the same on aarch64, elsewhere dist/aarch64/etmem and etmemd
 *
 * Environment: NPM_TARBALLS, where no registry is: a folder with the tarball of the other
 * architecture's Bun, @oven/bun-linux-aarch64.tgz or @oven/bun-linux-x64-baseline.tgz, such as
 * node_modules of the vendor tarball.
 *
 * Of the ways to build, bytecode with splitting starts the client fastest: without bytecode it
 * takes half as long again, and without splitting every client carries the server along. Bytecode
 * is the same on all architectures.
 */
const top = import.meta.dirname;
const WRONG_USAGE = 2;
/** A multiple of what the sections of code of all runtimes are aligned to. */
const START_CODE_BYTES = 256;

/** The architecture that the command line names, or this machine's. */
function wantedArchitecture(): ReturnType<typeof architectureOf> {
  try {
    const { arch } = parseArgs({ options: { arch: { type: "string" } } }).values;
    return arch === undefined ? nativeArchitecture() : architectureOf(arch);
  } catch (error) {
    console.error(`build: ${messageOf(error)}`);
    process.exit(WRONG_USAGE);
  }
}

const architecture = wantedArchitecture();
const isNative = architecture === nativeArchitecture();
const dist = isNative ? join(top, "dist") : join(top, "dist", architecture.name);
const draft = join(dist, ".build/etmem");
const alias = join(dist, "etmemd");
const foreign = () => ({
  target: architecture.target,
  executablePath: findRuntime(architecture.bunPackage, {
    top,
    tarballs: process.env["NPM_TARBALLS"],
  }),
});

await Bun.build({
  entrypoints: ["main.ts", "src/engine/worker_main.ts"].map((path) => join(top, path)),
  root: top,
  target: "bun",
  format: "esm",
  minify: true,
  bytecode: true,
  splitting: true,
  compile: {
    outfile: draft,
    autoloadDotenv: false,
    autoloadBunfig: false,
    ...(isNative ? {} : foreign()),
  },
});
putBeforeStart(draft, startCode(architecture.name, START_CODE_BYTES));
// A server that runs keeps the executable that it was started from.
renameSync(draft, join(dist, "etmem"));
rmSync(dirname(draft), { recursive: true });
rmSync(alias, { force: true });
symlinkSync("etmem", alias);
