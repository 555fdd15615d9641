import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { Installation, shown, stop, untilShown } from "./conf_installation.ts";
import { freshName, runServer, slideConfig } from "./server_process.ts";

describe("--conf-dir", () => {
  test("its files are added and their projects started; a broken one stops none", async () => {
    using files = new Installation();
    files.conf("10-first.conf", slideConfig("first", "a"));
    files.conf("20-broken.conf", "[project]\nname=broken\nloop=0\n");
    files.conf("30-second.conf", slideConfig("second", "b"));
    files.conf(
      "40-more.conf",
      "[task]\nproject=first\nengine=slide\nname=c\ntype=pid\nvalue=1\nT=1\n",
    );
    for (const name of [".hidden", "30-second.conf~", "5.rpmnew", "5.rpmsave", "5.rpmorig"]) {
      files.conf(name, slideConfig("leftover", "d"));
    }
    await using server = await files.start(2);
    await untilShown(server, "second started persistent", "first started persistent");
    expect((await server.etmem("project", "show")).stdout.match(/ true /g)).toHaveLength(3);
  });

  test("a folder that is not there is refused", async () => {
    const args = ["-s", freshName(), "--conf-dir", "/no/such/folder"];
    const { status, stderr } = await runServer(args);
    expect(status).toBe(1);
    expect(stderr).toStartWith(
      'etmemd: Cannot read the folder of --conf-dir "/no/such/folder": there is no such folder',
    );
  });

  test("a folder that others than root may write to is refused", async () => {
    using folder = new ScratchFolder();
    chmodSync(folder.path, 0o1777);
    const { status, stderr } = await runServer(["-s", freshName(), "--conf-dir", folder.path]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `etmemd: Cannot read the folder of --conf-dir "${folder.path}": its owner is 0 and ` +
        "its mode 1777, allowed is 0 and not writable by group and others\n",
    });
  });

  test("what was stopped stays stopped over restarts, what was added elsewhere is gone", async () => {
    using files = new Installation();
    for (const name of ["a", "b"]) files.conf(`${name}.conf`, slideConfig(name, "t"));
    {
      await using server = await files.start(2);
      await untilShown(server, "b started persistent", "a started persistent");
      const elsewhere = server.file("c.conf", slideConfig("c", "t"));
      expect((await server.etmem("obj", "add", "-f", elsewhere)).status).toBe(0);
      expect((await server.etmem("project", "start", "-n", "c")).status).toBe(0);
      expect((await server.etmem("project", "stop", "-n", "a")).stdout).toBe("");
      await untilShown(server, "c started passing", "b started persistent", "a stopped persistent");
      expect((await server.etmem("status")).stdout).toContain("project c, started, not persistent");
      await stop(server);
    }
    {
      await using server = await files.start(2);
      await untilShown(server, "b started persistent", "a stopped persistent");
      expect((await server.etmem("project", "start", "-n", "a")).status).toBe(0);
      await stop(server);
    }
    await using server = await files.start(2);
    await untilShown(server, "b started persistent", "a started persistent");
  });

  test("a project with objects from elsewhere is not persistent, and no restart is safe while it runs", async () => {
    using files = new Installation();
    for (const name of ["a", "b"]) files.conf(`${name}.conf`, slideConfig(name, "t"));
    await using server = await files.start(2);
    await untilShown(server, "b started persistent", "a started persistent");
    const safe = () => server.etmem("status", "--restart-safe");
    expect(await safe()).toEqual({ status: 0, stdout: "", stderr: "" });
    const more = "[task]\nproject=a\nengine=slide\nname=u\ntype=pid\nvalue=1\nT=1\n";
    const elsewhere = server.file("more.conf", more);
    expect((await server.etmem("obj", "add", "-f", elsewhere)).status).toBe(0);
    expect(await shown(server)).toEqual(["b started persistent", "a started passing"]);
    // The folder is out of sight.
    renameSync(files.confDir, files.at("away"));
    expect(await shown(server)).toEqual(["b started passing", "a started passing"]);
    expect(await safe()).toEqual({
      status: 1,
      stdout: "",
      stderr: 'etmem: Cannot restart the server without losing "b", "a": ' +
        "they are started and not persistent\n",
    });
    for (const name of ["a", "b"]) await server.etmem("project", "stop", "-n", name);
    expect(await safe()).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("obj del says that a file which is still there brings its objects back", async () => {
    using files = new Installation();
    const path = files.conf("a.conf", slideConfig("a", "t"));
    const copy = files.at("copy");
    writeFileSync(copy, slideConfig("a", "t"), { mode: 0o600 });
    await using server = await files.start(1);
    const removed = await server.etmem("obj", "del", "-f", path);
    expect(removed).toEqual({
      status: 0,
      stdout: `warning: "${path}" is still there: what it holds is added again when the file ` +
        "changes or etmemd starts anew\n",
      stderr: "",
    });
    expect((await server.etmem("obj", "add", "-f", path)).status).toBe(0);
    expect(await shown(server)).toEqual(["a stopped persistent"]);
    unlinkSync(path);
    expect((await server.etmem("obj", "del", "-f", copy)).stdout).toBe("");
    expect(await shown(server)).toEqual([]);
  });

  test("a state that cannot be read is no reason not to start", async () => {
    using files = new Installation();
    files.conf("a.conf", slideConfig("a", "t"));
    mkdirSync(files.stateDir);
    writeFileSync(join(files.stateDir, `${files.name}.json`), '{"version":1,"stop');
    await using server = await files.start(1);
    await untilShown(server, "a started persistent");
  });

  test("a server that is killed at any moment leaves the state of its last answer", async () => {
    using files = new Installation();
    files.conf("a.conf", slideConfig("a", "t"));
    for (let killed = 0; killed < 3; killed++) {
      await using server = await files.start(1);
      const answered: boolean[] = [];
      const toggling = (async () => {
        for (let wanted = false;; wanted = !wanted) {
          const { status } = await server.etmem("project", wanted ? "start" : "stop", "-n", "a");
          if (status === 3) return;
          // A refusal: it was so already, nothing has changed.
          if (status === 0) answered.push(wanted);
        }
      })();
      await waitFor("some answers", () => answered.length > 2 + killed);
      server.kill("SIGKILL");
      await toggling;
      const last = answered.at(-1) === true ? [] : ["a"];
      const next = answered.at(-1) === true ? ["a"] : [];
      const state = { version: 1, socket: files.name };
      expect([{ ...state, stopped: last }, { ...state, stopped: next }]).toContainEqual(
        files.state as never,
      );
    }
  });
});
