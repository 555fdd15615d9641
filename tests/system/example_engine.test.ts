import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { engineProcessesOf } from "../tools/fixtures/engines/engine_processes_of.ts";
import { ServerProcess } from "./server_process.ts";

const TOP = join(import.meta.dir, "../..");
const HEADERS = join(TOP, "scan_lib/include");

/** Only root can change it, as $ORIGIN demands. */
let folder: string;

function build(command: string): void {
  const built = Bun.spawnSync(["sh", "-ec", `umask 022; cd "$1"; top=$2; ${command}`, "sh"].concat(
    [folder, TOP, HEADERS],
  ));
  if (!built.success) throw new Error(built.stderr.toString());
}

beforeAll(() => {
  folder = mkdtempSync("/run/etmem-example-");
  build('CFLAGS=-O1 sh "$top/scan_lib/build.sh" "$1"');
  build(
    'gcc -std=gnu11 -O1 -fPIC -fvisibility=hidden -pthread -shared -o idle_twice.so -I"$3" ' +
      '"$top/docs/example_engine/idle_twice.c" $(pkg-config --cflags --libs glib-2.0) ' +
      "-L. -letmemd_scan -Wl,-z,defs -Wl,-rpath,'$ORIGIN'; chmod 500 idle_twice.so",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function config(keys: string): string {
  return [
    "[project]\nname=example\nloop=2\ninterval=1\nsleep=1\n",
    "[engine]\nname=thirdparty\nproject=example\neng_name=idle_twice",
    `libname=${folder}/idle_twice.so\nops_name=idle_twice_ops\nanon_only=yes\n`,
    `[task]\nproject=example\nengine=idle_twice\nname=self\ntype=pid\nvalue=${process.pid}\n${keys}\n`,
  ].join("\n");
}

test("the example engine, which uses the scan library, runs in the server", async () => {
  await using server = await ServerProcess.start();
  const bad = await server.etmem("obj", "add", "-f", server.file("bad.conf", config("max_mb=0")));
  expect(bad.stderr.trim()).toBe(
    'error: invalid parameters: Cannot add task "self" of engine "idle_twice" in project "example": ' +
      "engine idle_twice: fill_task_params returned -1",
  );
  const file = server.file("good.conf", config("max_mb=1"));
  const done = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await server.etmem(...args);
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: "" });
    return stdout;
  };
  const command = ["engine", "showcounts", "-n", "example", "-e", "idle_twice"];
  for (let i = 0; i < 2; i++) {
    await done("obj", "add", "-f", file);
    await done("project", "start", "-n", "example");
    const [header, row] = (await done(...command, "-t", "self")).split("\n");
    expect(header?.trim().split(/\s+/)).toEqual(["pid", "rounds", "seen", "swapped"]);
    expect(Number(row?.trim().split(/\s+/)[1])).toBeGreaterThanOrEqual(0);
    const refused = await server.etmem(...command);
    expect({ ...refused, stderr: refused.stderr.trim() }).toEqual({
      status: 1,
      stdout: 'Cannot run "showcounts": the command is showcounts, with -t TASK\n',
      stderr: 'error: invalid parameters: Cannot run "showcounts": engine idle_twice: ' +
        "eng_mgt_func returned -1",
    });
    await done("project", "stop", "-n", "example");
    await done("obj", "del", "-f", file);
  }
  expect(engineProcessesOf(server.pid)).toEqual([]);
});
