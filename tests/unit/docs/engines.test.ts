import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServerProcess } from "../../system/server_process.ts";

const TOP = join(import.meta.dir, "../../..");
const PAGE = readFileSync(join(TOP, "docs/engines.md"), "utf8");

/** The one block of the page in a language. */
function block(language: string): string {
  const blocks = [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs"))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? "";
}

/** The one line of the page that begins so, without what follows a `#`. */
function line(start: string): string {
  const lines = PAGE.split("\n").filter((one) => one.startsWith(start));
  expect(lines).toHaveLength(1);
  return lines[0]?.split(" # ")[0] ?? "";
}

/** Runs a line of the page in a folder, its paths of the system's led there. */
function shell(folder: string, command: string): void {
  const done = Bun.spawnSync(["sh", "-ec", command.replaceAll("sudo ", "")], {
    cwd: folder,
    env: { ...process.env, CPATH: `${folder}/usr/include`, PREFIX: `${folder}/usr` },
  });
  if (!done.success) throw new Error(`${command}: ${done.stderr.toString()}`);
}

test("the engine of docs/engines.md builds and runs by the lines of the page", async () => {
  await using server = await ServerProcess.start();
  const { folder } = server;
  const here = (text: string): string =>
    text.replaceAll("scan_lib/build.sh", `${TOP}/scan_lib/build.sh`).replaceAll(
      "/usr/lib/etmem",
      `${folder}/usr/lib/etmem`,
    );
  shell(folder, here(line("sh scan_lib/build.sh")));
  shell(folder, here(line("sudo sh scan_lib/build.sh")));
  writeFileSync(join(folder, "mine.c"), block("c"));
  shell(folder, line("gcc "));
  shell(folder, here(line("sudo install ")));
  const config = here(block("ini")).replace("type=name", "type=pid").replace(
    "value=nginx",
    `value=${process.pid}`,
  );
  server.file("mine.conf", config);
  const etmem = async (command: string): Promise<string> => {
    const args = line(command).split(" ").slice(1, -2);
    const done = await server.etmem(...args.map((arg) => arg.replace("mine.conf", `${folder}/$&`)));
    expect({ ...done, stdout: "" }).toEqual({ status: 0, stdout: "", stderr: "" });
    return done.stdout;
  };
  await etmem("etmem obj add");
  await etmem("etmem project start");
  expect(await etmem("etmem engine pids")).toContain(`pids for mine: ${process.pid}\n`);
});
