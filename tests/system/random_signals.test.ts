import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROCESS_MADVISE } from "../../src/mover/mover_process_madvise.ts";
import { isAlive } from "../tools/fixtures/is_alive.ts";
import { Random } from "../tools/fixtures/random.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { SEED } from "../tools/fixtures/seed.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { stackOf } from "../../src/text/message_of.ts";
import { askStatus } from "./ask_status.ts";
import { OwnMounts } from "./own_mounts.ts";
import { OwnSocket } from "./own_socket.ts";
import { ask } from "./raw_client.ts";
import { isListening } from "./server_process.ts";
import { expectAccount, processMemory, slideFile } from "./slide_server.ts";

// Servers are sent signals at random moments of their rounds: FAULT_TRIALS of them, 24 where nobody
// says, chosen by FAULT_SEED. npm run test:faults has 200, each time others.
// What is compiled is tried: what a host would run.

const TRIALS = Number(process.env["FAULT_TRIALS"] ?? 24);
const FAULT_SEED = Number(process.env["FAULT_SEED"] ?? SEED);
const AT_ONCE = 8;
const DIST = join(import.meta.dir, "../../dist/etmemd");
const MIB = 2 ** 20;
const SIZE = 24 * MIB;
/** Of a round with loop=1 and interval=1, the pause behind it, and a start. */
const COURSE_MS = 3000;
/** How long a move of so much takes, about. */
const MOVE_MS = 30;

const swap = TemporarySwap.make(AT_ONCE * 32 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing();
if (missing !== undefined) console.log(`signals at random moments: left out: ${missing}`);

const SIGNALS = ["SIGTERM", "SIGKILL", "SIGSTOP"] as const;

/** What is done to a server, and when. */
interface Plan {
  readonly signal: (typeof SIGNALS)[number];
  /** So long after the project was started; or after the first page was seen in swap. */
  readonly after: "start" | "first page";
  readonly delayMs: number;
  /** Of SIGSTOP: until SIGCONT. */
  readonly stoppedMs: number;
}

function planOf(random: Random): Plan {
  const after = random.pick(["start", "first page"] as const);
  return {
    signal: random.pick(SIGNALS),
    after,
    delayMs: random.below(after === "start" ? COURSE_MS : MOVE_MS),
    stoppedMs: random.below(1500),
  };
}

/** A server started by `etmemd -m` in a /run of its own, and its target. */
class Trial implements AsyncDisposable {
  readonly mounts: OwnMounts;
  readonly target: TargetProcess;
  readonly #socket: OwnSocket;
  readonly #files: ScratchFolder;
  readonly #own: AsyncDisposableStack;

  private constructor(mounts: OwnMounts, target: TargetProcess, own: AsyncDisposableStack) {
    this.mounts = mounts;
    this.target = target;
    this.#own = own;
    this.#files = own.use(new ScratchFolder());
    this.#socket = own.use(new OwnSocket());
  }

  static async prepare(): Promise<Trial> {
    await using own = new AsyncDisposableStack();
    const mounts = own.use(await OwnMounts.create());
    const target = own.use(await TargetProcess.start({ sizeBytes: SIZE, hot: "none" }));
    return new Trial(mounts, target, own.move());
  }

  get name(): string {
    return this.#socket.name;
  }

  get pidFile(): string {
    return this.mounts.path("/run/etmemd.pid");
  }

  /** @returns the server's pid, by its pid file. */
  async start(): Promise<number> {
    const child = Bun.spawn([...this.mounts.enter, DIST, "-s", this.name, "-m"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [status, stderr] = await Promise.all([child.exited, child.stderr.text()]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const pid = Number(readFileSync(this.pidFile, "latin1"));
    expect(isAlive(pid)).toBe(true);
    return pid;
  }

  async startProject(): Promise<void> {
    mkdirSync(this.#files.path, { recursive: true });
    const path = this.#files.at("a.conf");
    writeFileSync(path, slideFile("a", { pid: this.target.pid }), { mode: 0o600 });
    expect(await this.#v1(0, "-", path)).toBe("[ok]");
    expect(await this.#v1(2, "a", "-")).toBe("[ok]");
  }

  #v1(command: number, project: string, file: string): Promise<string> {
    return ask(
      this.name,
      `proj_name ${project} file_name ${file} cmd ${command} eng_name - eng_cmd - task_name -`,
    );
  }

  /** Demands true accounts of all rounds. @returns how many were done. */
  async checkRounds(): Promise<number> {
    const { projects } = await askStatus(this.name);
    const task = projects[0]?.engines[0]?.tasks[0];
    expect(task?.failed).toBeUndefined();
    const rounds = task?.rounds ?? [];
    for (const round of rounds) expectAccount(round);
    return rounds.filter(({ state }) => state === "done").length;
  }

  /**
   * Ends a server by SIGTERM, without leaving anything. How long that takes is not for here to say:
   * what is on its way to a busy disk keeps a thread in the kernel.
   */
  async end(pid: number): Promise<void> {
    process.kill(pid, "SIGTERM");
    await waitFor("the server to end", () => !isAlive(pid) && !isListening(this.name));
    expect(existsSync(this.pidFile)).toBe(false);
    this.expectNothingLeft();
  }

  expectNothingLeft(): void {
    expect(this.#socket.processes()).toEqual([]);
    expect(isListening(this.name)).toBe(false);
    expect(readdirSync(this.mounts.path("/run")).filter((file) => file !== "etmemd.pid"))
      .toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own.disposeAsync();
  }
}

async function atMoment({ after, delayMs }: Plan, target: TargetProcess): Promise<void> {
  if (after === "first page") {
    await waitFor("the first page to go", () => processMemory(target.pid, "VmSwap") > 0, {
      firstPauseMs: 1,
    });
  }
  await Bun.sleep(delayMs);
}

/** Sends the signal; afterwards the server is gone, or goes on. */
async function strike(trial: Trial, pid: number, plan: Plan): Promise<void> {
  switch (plan.signal) {
    case "SIGTERM":
      return trial.end(pid);
    case "SIGKILL":
      process.kill(pid, "SIGKILL");
      // Its threads end one after the other: the first may be dead
      // while another still holds the socket.
      await waitFor("the server to be gone", () => !isAlive(pid), { firstPauseMs: 2 });
      await waitFor("its name to be free", () => !isListening(trial.name), { firstPauseMs: 2 });
      return;
    case "SIGSTOP": {
      process.kill(pid, "SIGSTOP");
      await Bun.sleep(plan.stoppedMs);
      process.kill(pid, "SIGCONT");
      const before = await trial.checkRounds();
      await waitFor("another round", async () => await trial.checkRounds() > before, {
        firstPauseMs: 50,
      });
    }
  }
}

async function tryOut(plan: Plan): Promise<void> {
  await using trial = await Trial.prepare();
  const { target } = trial.target;
  const pid = await trial.start();
  await trial.startProject();
  await atMoment(plan, trial.target);
  await strike(trial, pid, plan);
  expect(await target.verify()).toBe(0);
  if (plan.signal === "SIGSTOP") {
    await trial.end(pid);
    return;
  }
  if (plan.signal === "SIGKILL") trial.expectNothingLeft();
  const next = await trial.start();
  await trial.startProject();
  await waitFor("a round of the next server", async () => await trial.checkRounds() > 0, {
    firstPauseMs: 50,
  });
  await trial.end(next);
  expect(await target.verify()).toBe(0);
}

describe.skipIf(missing !== undefined)("a signal at a random moment of a round", () => {
  test(
    `${TRIALS} times, with FAULT_SEED=${FAULT_SEED}: nothing is lost, nothing is left, the next server starts`,
    async () => {
      console.log(`FAULT_SEED=${FAULT_SEED}`);
      const random = new Random(FAULT_SEED);
      const plans = Array.from({ length: TRIALS }, () => planOf(random));
      let next = 0;
      const failures: string[] = [];
      const work = async (): Promise<void> => {
        for (let number = next++; number < TRIALS; number = next++) {
          try {
            await tryOut(plans[number]!);
          } catch (error) {
            const message = stackOf(error);
            failures.push(`trial ${number} ${JSON.stringify(plans[number])}: ${message}`);
          }
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      expect(failures).toEqual([]);
    },
    30_000 + TRIALS * 10_000,
  );
});
