import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { engineProcessesOf } from "../../tools/fixtures/engines/engine_processes_of.ts";
import { compileEngine } from "../../tools/fixtures/engines/compile_engine.ts";
import { ask, SHOW_V1 } from "../raw_client.ts";
import { ServerProcess } from "../server_process.ts";

/** Variables that a server and a host may have, besides LC_*. */
const ALLOWED = new Set([
  ..."PATH LANG TERM TZ STATE_DIRECTORY NOTIFY_SOCKET ETMEMD_STARTED_AS".split(" "),
  ..."BUN_GC_TIMER_DISABLE BUN_JSC_useConcurrentJIT BUN_JSC_useConcurrentGC".split(" "),
  ..."BUN_JSC_numberOfGCMarkers BUN_JSC_jitMemoryReservationSize".split(" "),
  ..."BUN_JSC_structureHeapSizeInKB MIMALLOC_ARENA_RESERVE".split(" "),
]);

async function addEngine(server: ServerProcess): Promise<void> {
  const text = [
    "[project]\nname=p\nloop=1\ninterval=1\nsleep=1",
    `[engine]\nname=thirdparty\nproject=p\neng_name=e\nlibname=${compileEngine("misbehave.c")}`,
    "ops_name=misbehave_ops",
    `[task]\nname=t\nproject=p\nengine=e\ntype=pid\nvalue=${process.pid}\n`,
  ].join("\n");
  const { status, stderr } = await server.etmem("obj", "add", "-f", server.file("c", text));
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

test("an engine gets nothing of the server's environment that steers the runtime or the linker", async () => {
  const env = {
    LD_PRELOAD: "",
    LD_LIBRARY_PATH: "/nowhere",
    LD_DEBUG_OUTPUT: "/nowhere",
    GCONV_PATH: "/nowhere",
    BUN_OPTIONS: "",
    NODE_OPTIONS: "--require=/nowhere",
    SECRET: "1",
    HOME: "/root",
    LANG: "C",
    LC_ALL: "C",
    TZ: "UTC",
  };
  await using server = await ServerProcess.start({ env });
  await addEngine(server);
  const hosts = engineProcessesOf(server.pid);
  expect(hosts).toHaveLength(1);
  const namesOf = (pid: number): string[] =>
    readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean)
      .map((variable) => variable.split("=", 1)[0] ?? "");
  for (const pid of [server.pid, ...hosts]) {
    expect(namesOf(pid).filter((name) => !ALLOWED.has(name) && !name.startsWith("LC_"))).toEqual(
      [],
    );
  }
  const [, documented = ""] = /^- Of the environment only (.*) are there/m.exec(
    readFileSync(join(import.meta.dir, "../../../docs/engines.md"), "utf8"),
  ) ?? [];
  const named = hosts.flatMap(namesOf).filter((name) => name !== "BUN_GC_TIMER_DISABLE")
    .map((name) => name.replace(/^LC_.*/, "LC_*"));
  expect(new Set(named)).toEqual(new Set(documented.split(/, | and /)));
});

test("an engine has the variables that its manuals name", async () => {
  const env = { HOME: "/root", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TZ: "UTC" };
  await using server = await ServerProcess.start({ env });
  await addEngine(server);
  const [pid] = engineProcessesOf(server.pid);
  const variables = readFileSync(`/proc/${pid}/environ`, "utf8").match(/(?<=^|\0)\w+(?==)/g) ?? [];
  const names = new Set(
    variables.filter((name) => !name.startsWith("BUN_")).map((name) =>
      name.startsWith("LC_") ? "LC_*" : name
    ),
  );
  for (const manual of ["engines.md", "man/etmem-engine.3.adoc"]) {
    const text = readFileSync(join(import.meta.dir, "../../../docs", manual), "utf8");
    const list = /Of the environment only (.*?) are there/.exec(text)?.[1];
    expect(names).toEqual(new Set(list?.split(/, | and /)));
  }
});

test("an engine that prints for ever does not keep the server from its clients", async () => {
  await using server = await ServerProcess.start();
  await addEngine(server);
  await server.etmem("project", "start", "-n", "p");
  expect((await server.etmem("engine", "flood", "-n", "p", "-e", "e")).status).toBe(0);
  for (let i = 0; i < 200; i++) expect(await ask(server.name, SHOW_V1)).toEndWith("[ok]");
});
