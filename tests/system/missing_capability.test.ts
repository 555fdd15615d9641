import { expect, test } from "bun:test";
import type { Availability, ServerStatus } from "../../src/status/server_status.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { ServerProcess } from "./server_process.ts";
import { slideFile } from "./slide_server.ts";

const setpriv = Bun.which("setpriv");
const isRoot = process.getuid?.() === 0;

/** A capability, and what cannot be used without it on a kernel of any configuration. */
const LACKING = [
  ["CAP_SYS_NICE", ["page_table"], ["process_madvise"]],
  ["CAP_SYS_PTRACE", ["page_table", "smaps"], ["process_madvise"]],
  ["CAP_DAC_OVERRIDE", ["page_table", "smaps"], []],
] as const;

test.skipIf(setpriv === null || !isRoot).each(LACKING)(
  "a server without %s says what it cannot use, and starts no project with it",
  async (capability, trackers, movers) => {
    const without = `-${capability.slice("CAP_".length).toLowerCase()}`;
    await using server = await ServerProcess.start({
      through: ["setpriv", "--bounding-set", without, "--inh-caps", without],
    });
    const reason = `this process lacks ${capability}`;
    const { stdout } = await server.etmem("status", "--json");
    const status = JSON.parse(stdout) as ServerStatus;
    const lacking = (list: readonly Availability[]): unknown[] =>
      list.filter((one) => !one.available && one.reason === reason).map(({ name }) => name);
    expect(lacking(status.trackers)).toEqual(expect.arrayContaining([...trackers]) as unknown[]);
    expect(lacking(status.movers)).toEqual(expect.arrayContaining([...movers]) as unknown[]);

    using swap = TemporarySwap.make(2 ** 20);
    if (swap.missing !== undefined) return;
    const path = server.file("c.conf", slideFile("p", { pid: process.pid }));
    expect(await server.etmem("obj", "add", "-f", path)).toMatchObject({ status: 0 });
    const { status: exit, stderr } = await server.etmem("project", "start", "-n", "p");
    expect(exit).toBe(1);
    expect(stderr).toContain(reason);
  },
);

const unshare = Bun.which("unshare");

test.skipIf(unshare === null || !isRoot)(
  "a server in a user namespace of its own has all capabilities, and does not trust them",
  async () => {
    await using server = await ServerProcess.start({
      through: ["unshare", "--user", "--map-root-user"],
    });
    const { stdout } = await server.etmem("status", "--json");
    const { movers } = JSON.parse(stdout) as ServerStatus;
    const mover = movers.find(({ name }) => name === "process_madvise");
    expect(mover?.available).toBe(false);
    expect(mover?.reason).toContain("this process lacks CAP_SYS_NICE (it runs in a user namespace");
    using swap = TemporarySwap.make(2 ** 20);
    if (swap.missing !== undefined) return;
    const path = server.file("c.conf", slideFile("p", { pid: process.pid }));
    expect(await server.etmem("obj", "add", "-f", path)).toMatchObject({ status: 0 });
    const { status: exit, stderr } = await server.etmem("project", "start", "-n", "p");
    expect(exit).toBe(1);
    expect(stderr).toContain("process_madvise: this process lacks CAP_SYS_NICE");
  },
);
