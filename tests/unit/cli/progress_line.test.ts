import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { ProgressLine } from "../../../src/cli/progress_line.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const GIB = 2 ** 30;

test("ProgressLine writes over its line on a terminal, and takes it away", () => {
  // One end of a new terminal shows what is written to the other.
  const { stdout, stderr, exitCode } = Bun.spawnSync([
    "script",
    "-qec",
    `${process.execPath} -e '
      const { ProgressLine } = await import("${import.meta.dir}/../../../src/cli/progress_line.ts");
      const line = new ProgressLine(2);
      line.show(${GIB / 4}, ${GIB});
      line.show(${GIB}, ${GIB});
      line.clear();
      line.clear();'`,
    "/dev/null",
  ], { stdin: "ignore" });
  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(0);
  const clear = "\r\x1b[K";
  expect(stdout.toString()).toBe(
    `${clear}256 MiB of 1 GiB (25 %)${clear}1 GiB of 1 GiB (100 %)${clear}`,
  );
});

test("ProgressLine writes nothing to a file", () => {
  using folder = new ScratchFolder();
  const fd = openSync(folder.at("out"), "w");
  const line = new ProgressLine(fd);
  line.show(1, 2);
  line.clear();
  closeSync(fd);
  expect(readFileSync(folder.at("out"), "utf8")).toBe("");
});
