import { beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import {
  stateFileName,
  StoppedProjects,
} from "../../../../src/daemon/conf_dir/stopped_projects.ts";
import { configureLog } from "../../../../src/log/logger.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";

let lines: string[];

beforeEach(() => {
  lines = [];
  configureLog("debug", [(level, line) => lines.push(`${level}: ${line}`)]);
});

describe("stateFileName()", () => {
  test("is the socket name where that can be a file name, and always a short one", () => {
    expect(stateFileName("etmemd_socket")).toBe("etmemd_socket.json");
    expect(stateFileName("../a b")).toBe("..%2Fa%20b.json");
    const names = ["/".repeat(106), "\n".repeat(106), "é".repeat(53)].map(stateFileName);
    for (const name of names) expect(Buffer.byteLength(`${name}.new`)).toBeLessThanOrEqual(255);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("StoppedProjects", () => {
  test("set() is there for the next server of this name, and for no other", async () => {
    using scratch = new ScratchFolder();
    const folder = scratch.at("state/etmem");
    const one = await StoppedProjects.read(folder, "one");
    expect(one.has("a")).toBe(false);
    await Promise.all([one.set("a", true), one.set("b", true), one.set("c", true)]);
    await one.set("b", false);
    const again = await StoppedProjects.read(folder, "one");
    expect(["a", "b", "c"].map((name) => again.has(name))).toEqual([true, false, true]);
    expect((await StoppedProjects.read(folder, "two")).has("a")).toBe(false);
    expect(readdirSync(folder)).toEqual(["one.json"]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(`${folder}/one.json`).mode & 0o777).toBe(0o600);
    expect(lines).toEqual([]);
  });

  test("keepOnly() forgets the others", async () => {
    using scratch = new ScratchFolder();
    const stopped = await StoppedProjects.read(scratch.path, "one");
    await stopped.set("a", true);
    await stopped.set("b", true);
    await stopped.keepOnly(new Set(["b", "c"]));
    const again = await StoppedProjects.read(scratch.path, "one");
    expect(["a", "b", "c"].map((name) => again.has(name))).toEqual([false, true, false]);
  });

  test("set() that changes nothing writes nothing", async () => {
    using scratch = new ScratchFolder();
    await (await StoppedProjects.read(scratch.path, "one")).set("a", false);
    expect(readdirSync(scratch.path)).toEqual([]);
  });

  test("a state that cannot be read is reported, and replaced by the next change", async () => {
    using scratch = new ScratchFolder();
    const path = scratch.at("one.json");
    const cases: [string, string][] = [
      ["", "JSON"],
      ['{"version":1,"socket":"one","stopped":["a"', "JSON"],
      ["[]", "it is of version undefined, not 1"],
      ["null", "it is no JSON object"],
      ['{"version":2,"socket":"one","stopped":["a"]}', "it is of version 2, not 1"],
      ['{"version":1,"socket":"two","stopped":["a"]}', 'it belongs to socket "two"'],
      ['{"version":1,"socket":"one","stopped":[1]}', 'its "stopped" is no list of names'],
    ];
    for (const [text, reason] of cases) {
      lines = [];
      writeFileSync(path, text);
      const stopped = await StoppedProjects.read(scratch.path, "one");
      expect(stopped.has("a")).toBe(false);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toStartWith(`error: Cannot read "${path}": `);
      expect(lines[0]).toContain(reason);
      await stopped.set("b", true);
      expect(readFileSync(path, "utf8")).toBe('{"version":1,"socket":"one","stopped":["b"]}\n');
    }
  });

  test("set() says what is in the way, and the next change tries again", async () => {
    using scratch = new ScratchFolder();
    const path = scratch.at("one.json");
    const stopped = await StoppedProjects.read(scratch.path, "one");
    mkdirSync(path);
    const reason = await stopped.set("a", true).catch((error: Error) => error.message);
    expect(reason).toStartWith(`Cannot write "${path}": `);
    rmdirSync(path);
    await stopped.set("b", true);
    expect(readFileSync(path, "utf8")).toBe('{"version":1,"socket":"one","stopped":["a","b"]}\n');
  });
});
