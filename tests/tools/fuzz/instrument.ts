import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { plugin } from "bun";
import { createInstrumenter } from "istanbul-lib-instrument";

const TOP = join(import.meta.dir, "../../..");

/**
 * Has every module of src that is loaded from now on count what it executes,
 * in `globalThis.__coverage__`.
 */
export function instrumentSources(): void {
  const instrumenter = createInstrumenter({
    esModules: true,
    compact: false,
    parserPlugins: ["typescript", "explicitResourceManagement"],
  });
  plugin({
    name: "count what is executed",
    setup(build) {
      build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        const counted = path.startsWith(`${TOP}/src/`);
        return {
          contents: counted ? instrumenter.instrumentSync(source, path) : source,
          loader: "ts",
        };
      });
    },
  });
}
