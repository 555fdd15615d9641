import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { PROCESS_MADVISE } from "../../src/mover/mover_process_madvise.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { processMemory, slideFile, SlideServer } from "./slide_server.ts";

const MAIN = join(import.meta.dir, "../../main.ts");
const MIB = 2 ** 20;
const MOST = 8 * MIB * 0.95;

const swap = TemporarySwap.make(64 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`project restore: left out: ${missing}`);

/** A server whose project "p" has moved its target. */
async function launchMoved(target: TargetProcess): Promise<SlideServer> {
  await using atFailure = new AsyncDisposableStack();
  const server = atFailure.use(await SlideServer.launch());
  await server.add("p", slideFile("p", { pid: target.pid }));
  await server.untilRound("p", "to move memory", (one) => one.moved_bytes > MOST);
  atFailure.move();
  return server;
}

describe.skipIf(missing !== undefined)("etmem project restore", () => {
  test.concurrent("brings back what a project moved, once it is stopped", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using server = await launchMoved(target);
    const etmem = (...args: string[]) => server.process.etmem("project", ...args, "-n", "p");
    expect(await etmem("restore")).toEqual({
      status: 1,
      stdout: "",
      stderr: 'error: project has been started: "p": stop it to bring its memory back\n',
    });
    const stopped = await etmem("stop");
    expect(stopped).toMatchObject({ status: 0, stderr: "" });
    expect(stopped.stdout).toMatch(
      /^8[.\d]* MiB of what moved is still in swap, and comes back as it is used, or with: /,
    );
    const command = `etmem project restore -n p -s ${server.process.name}`;
    expect(stopped.stdout).toEndWith(`${command}\n`);
    expect(processMemory(target.pid, "VmSwap")).toBeGreaterThan(MOST);
    expect(await etmem("restore", "-t", "other")).toMatchObject({
      status: 1,
      stderr: 'error: task is not exist: "other" in project "p"\n',
    });
    expect(await etmem("restore", "--keep-free", "99")).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^0 B came back from swap in \S+ s\n$/),
      stderr: expect.stringMatching(
        /^error: not all memory is back: 8[.\d]* MiB stay in swap: MemAvailable would not stay above 99 % of MemTotal \(--keep-free\)\n$/,
      ),
    });
    const back = await etmem("restore", "-t", "t", "--rate", "1000", "--keep-free", "1");
    expect(back).toMatchObject({ status: 0, stderr: "" });
    expect(back.stdout).toMatch(/^8[.\d]* MiB came back from swap in \S+ s\n$/);
    expect(processMemory(target.pid, "VmSwap")).toBeLessThan(MIB);
    expect(await target.target.verify()).toBe(0);
    expect((await etmem("restore")).stdout).toBe(
      'nothing that project "p" has moved since the server was started is in swap\n',
    );
  });

  test.concurrent("ends when its client is interrupted, and can go on afterwards", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using server = await launchMoved(target);
    await server.stop("p");
    const out = processMemory(target.pid, "VmSwap");
    const args = ["project", "restore", "-n", "p", "--rate", "1", "-s", server.process.name];
    const client = Bun.spawn([process.execPath, MAIN, ...args], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    const swapped = (): number => processMemory(target.pid, "VmSwap");
    await waitFor("memory to come back", () => swapped() < out - MIB / 4, { firstPauseMs: 20 });
    expect(await server.process.etmem("project", "restore", "-n", "p")).toMatchObject({
      status: 1,
      stderr: 'error: invalid parameters: the memory of project "p" is being brought back\n',
    });
    client.kill("SIGINT");
    await client.exited;
    const again = () => server.process.etmem("project", "restore", "-n", "p");
    const done = await waitFor("another restore to be let in", async () => {
      const finished = await again();
      return finished.stderr === "" ? finished : undefined;
    });
    expect(done.status).toBe(0);
    expect(swapped()).toBeLessThan(MIB);
    expect(await target.target.verify()).toBe(0);
  });

  test.concurrent("gives way to a start, and obj del says what stays", async () => {
    using target = await TargetProcess.start({ hot: "none" });
    await using server = await launchMoved(target);
    await server.stop("p");
    const out = processMemory(target.pid, "VmSwap");
    const restore = server.process.etmem("project", "restore", "-n", "p", "--rate", "1");
    const swapped = (): number => processMemory(target.pid, "VmSwap");
    await waitFor("memory to come back", () => swapped() < out - MIB / 4, { firstPauseMs: 20 });
    await server.start("p");
    expect(await restore).toMatchObject({
      status: 1,
      stderr: 'error: project has been started: "p": started meanwhile\n',
    });
    const file = server.process.file("p.conf", slideFile("p", { pid: target.pid }));
    const removed = await server.process.etmem("obj", "del", "-f", file);
    expect(removed.stdout).toMatch(
      /^[78][.\d]* MiB of what moved is still in swap, and comes back as it is used\n$/,
    );
  });
});
