import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

const TOP = join(import.meta.dir, "../../..");
const SMALL = ["--own-store", "--keys", "5000"];

/**
 * A running demo, and what it has printed so far;
 * its caretaker takes everything away when it is killed.
 */
class RunningDemo implements AsyncDisposable {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  text = "";
  readonly #read: Promise<unknown>;

  constructor(command: readonly string[]) {
    this.child = Bun.spawn([...command], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = this.child;
    this.#read = Promise.all([stdout, stderr].map(async (stream) => {
      for await (const bytes of stream) this.text += Buffer.from(bytes).toString();
    }));
  }

  until(words: string): Promise<unknown> {
    return waitFor(`the demo to print "${words}"`, () => {
      if (this.child.exitCode !== null) throw new Error(`the demo has ended: ${this.text}`);
      return this.text.includes(words);
    });
  }

  async exit(): Promise<number> {
    await this.#read;
    return await this.child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit();
  }

  /** Folder, processes, and swap space of this demo that are there. */
  leftovers(): string[] {
    const folder = /\/var\/tmp\/etmem-demo-\w+/.exec(this.text)?.[0] ?? "no folder was named";
    const device = /made for now/.test(this.text) ? / on (\/dev\/zram\d+)/.exec(this.text) : null;
    const swaps = readFileSync("/proc/swaps", "latin1").split("\n").filter((line) =>
      line.startsWith(folder) || (device !== null && line.startsWith(`${device[1]} `))
    );
    const processes = readdirSync("/proc").filter((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        return line.includes(folder) || line.includes(`etmem-demo-${this.child.pid}\0`);
      } catch {
        return false; // ended meanwhile
      }
    });
    return [...swaps, ...processes, ...(existsSync(folder) ? [folder] : [])];
  }
}

function demoCommand(...args: readonly string[]): string[] {
  return [process.execPath, `${TOP}/demo/main.ts`, ...args];
}

describe.skipIf(process.getuid?.() !== 0)("the demo", () => {
  test("watches the trackers that are there, finds every value right, leaves nothing behind", async () => {
    await using demo = new RunningDemo(demoCommand(...SMALL, "--seconds", "6"));
    await demo.until("The tracker is");
    expect(demo.leftovers().length).toBeGreaterThanOrEqual(3);
    expect(await demo.exit(), demo.text).toBe(0);
    expect(demo.text).toMatch(/hot keys: \d+, scattered over \d+ pages: [\d.]+ % of/);
    expect(demo.text).toContain("all 5000 are right");
    const best = /The tracker is (\w+)/.exec(demo.text)?.[1] ?? "none";
    const watched = /^ +tracker +(.+)$/m.exec(demo.text)?.[1]?.split(/ +/);
    expect(watched).toEqual(best === "smaps" ? ["smaps"] : ["smaps", best]);
    expect(demo.text).toContain(best === "smaps" ? "Page granularity is not" : "  gain  ");
    expect(demo.leftovers()).toEqual([]);
  });

  test("moves most of the memory of which a block of a few keys is used", async () => {
    const args = ["--own-store", "--keys", "60000", "--block", "--seconds", "6"];
    await using demo = new RunningDemo(demoCommand(...args));
    expect(await demo.exit(), demo.text).toBe(0);
    expect(demo.text).toContain("a block of 40 keys, no others");
    const moved = Number(/^ +moved .* ([\d.]+) MiB$/m.exec(demo.text)?.[1]);
    expect(moved, demo.text).toBeGreaterThan(40);
    expect(demo.text).toContain("all 60000 are right");
  });

  test("ends with 1 and leaves nothing behind after SIGINT", async () => {
    await using demo = new RunningDemo(demoCommand(...SMALL));
    await demo.until("not running");
    demo.child.kill("SIGINT");
    expect(await demo.exit()).toBe(1);
    expect(demo.text).toContain("Interrupted");
    expect(demo.leftovers()).toEqual([]);
  });

  test("ends when the shell that npm started it with is terminated", async () => {
    const command = demoCommand(...SMALL).map((word) => `'${word}'`).join(" ");
    await using demo = new RunningDemo(["sh", "-c", `${command}; true`]);
    await demo.until("not running");
    demo.child.kill("SIGTERM");
    await waitFor("everything to be taken away", () => demo.text.includes("taken away again"));
    expect(demo.leftovers()).toEqual([]);
  });

  test("leaves nothing behind after SIGKILL", async () => {
    await using demo = new RunningDemo(demoCommand(...SMALL));
    await demo.until("not running");
    demo.child.kill("SIGKILL");
    await demo.exit();
    await waitFor("everything to be taken away", () => demo.leftovers().length === 0);
  });
});

test("the demo ends with 2 and a line that names the argument when one is wrong", async () => {
  await using demo = new RunningDemo(demoCommand("--seconds", "0"));
  expect(await demo.exit()).toBe(2);
  expect(demo.text).toBe('Cannot set "--seconds" to "0": allowed is 1 to 3600\n');
});
