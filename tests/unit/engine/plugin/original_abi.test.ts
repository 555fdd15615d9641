import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Asked, makeEngine, makeTask, PROJECT } from "./engine_setup.ts";

const TOP = join(import.meta.dir, "../../../..");
const SOURCE = join(TOP, "tests/tools/fixtures/engines/original_abi.c");

/** The symbols of the original library, of which nothing else is needed to link with it. */
const FUNCTIONS = [
  "etmemd_scan_init",
  "etmemd_scan_exit",
  "etmemd_get_vmas",
  "etmemd_free_vmas",
  "etmemd_get_page_refs",
  "etmemd_free_page_refs",
];
const WARNINGS = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"];

let folder: string;

function run(command: readonly string[]): string {
  const done = Bun.spawnSync([...command]);
  if (!done.success) throw new Error(`${command.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "etmem-original-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Builds the engine against a stand-in of the original library; ours lies where it is looked for.
 */
function buildEngine(): string {
  const original = join(folder, "original");
  const ours = join(folder, "ours");
  const engine = join(folder, "engine.so");
  mkdirSync(original);
  const at = (name: string): string => join(original, name);
  writeFileSync(at("scan.c"), FUNCTIONS.map((name) => `void ${name}(void) {}\n`).join(""));
  writeFileSync(
    at("scan.map"),
    `libetmemd_scan { global: ${FUNCTIONS.map((name) => `${name};`).join(" ")} local: *; };\n`,
  );
  const gcc = ["gcc", "-shared", "-fPIC", "-pthread"];
  const soname = `-Wl,--version-script,${at("scan.map")},-soname,libetmemd_scan.so`;
  run([...gcc, "-o", at("libetmemd_scan.so"), at("scan.c"), soname]);
  run(["sh", join(TOP, "scan_lib/build.sh"), ours]);
  const link = [`-L${original}`, "-letmemd_scan", `-Wl,-rpath,${ours}`];
  run([...gcc, ...WARNINGS, "-o", engine, SOURCE, ...link]);
  run(["chmod", "500", engine]);
  return engine;
}

test("an engine that was built against the original headers and library runs unchanged", async () => {
  const libname = buildEngine();
  expect(run(["readelf", "-W", "--dyn-syms", libname])).toContain(
    " etmemd_get_page_refs@libetmemd_scan",
  );
  const engine = makeEngine({ libname, opsName: "original_ops", name: "eng", keys: "mine=one" });
  await engine.open();
  const task = makeTask("t");
  await engine.addTask({ ...task, keyFileText: `${task.keyFileText}mine=two\n` });
  await engine.startTask("t");
  const asked = new Asked("look", { task: "t" });
  await engine.command(asked);
  const { name, intervalSeconds, loop, sleepSeconds, sysmemThresholdPercent } = PROJECT;
  expect(asked.text).toBe(
    "look: engine 7 eng one refs 0 ops 1 cnt 0 next 0; " +
      `project ${name} 0 scan ${intervalSeconds} ${loop} ${sleepSeconds} mem ${sysmemThresholdPercent} ` +
      "marks 4 3 set 0 first 1 next 0; " +
      `task pid ${process.pid} t threads 2 flag 0 two eng 1 timer 0 pool 0 next 0; ` +
      "pid 1 rate 0 own 1 scanned 1; socket 1 stream 1 blocking 1\n",
  );
  await engine.stopTask("t");
  await engine.removeTask("t");
  await engine.close();
});
