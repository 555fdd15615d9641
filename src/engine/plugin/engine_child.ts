import { join } from "node:path";
import { errorCode } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/libc.ts";
import { sendDescriptor, socketPair } from "../../../ffi/unix_socket.ts";
import {
  ENGINE_PROCESS_NAME,
  ENTERED_BY,
  formatMessage,
  parseProcessReport,
  type ProcessReport,
  type ProcessRequest,
} from "../../engine_process/messages.ts";
import { messageOf } from "../../text/message_of.ts";
import { EngineRefusal } from "../engine.ts";
import { LineLimit } from "./line_limit.ts";
import { LineSplitter } from "./line_splitter.ts";
import { SocketEnd } from "./socket_end.ts";

/** What an EngineChild is started with. */
export interface EngineChildOptions {
  /** What ps shows as its argument: project and engine. */
  readonly title: string;
  /** Of one operation; all its calls for one request count together. */
  readonly limitMs: number;
  /** Takes what the engine prints, line by line. */
  readonly log: (line: string) => void;
  /**
   * Called once when it has died, but not after end(); `reason` begins with "died", for example.
   */
  readonly onDeath: (reason: string) => void;
}

/** Variables of the server that reach an engine; nothing that steers Bun or the dynamic linker. */
const ALLOWED = new Set(["PATH", "LANG", "TZ"]);
const MAX_REPORT_BYTES = 1024 * 1024;
const MAX_LOG_LINE_BYTES = 1024;
/**
 * The pause between two reads from an engine that prints without end:
 * many lines a read cost the server little.
 */
const FLOOD_REST_MS = 20;
/** A server that was held up itself looks once more whether the report has come meanwhile. */
const GRACE_MS = 50;
/** How long the sockets of a dead process may still hold something. */
const LAST_WORDS_MS = 500;
/** From the start of the program until it can be asked something. */
const START_LIMIT_MS = 7_000;

/** What an engine has done whose process takes no descriptor, by the errno of sendmsg(2). */
const NOT_TAKEN: ReadonlyMap<string, string> = new Map([
  ["EPIPE", "closed the channel for descriptors"],
  ["EAGAIN", "does not read the channel for descriptors"],
]);

/**
 * The file that the server was started from, though another version
 * may have taken its place since (proc_pid_exe(5)).
 */
const OWN_EXECUTABLE = "/proc/self/exe";
/** What it runs as this program: nothing more when it is compiled. */
const PROGRAM = import.meta.url.includes("$bunfs")
  ? []
  : [join(import.meta.dir, "../../..", "main.ts")];

/** The request in hand. */
interface Pending {
  /** Operations of the engine that it may still enter for the first time. */
  readonly ahead: Set<string>;
  readonly settle: PromiseWithResolvers<readonly string[]>;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** As long as there are any, the clock stands still, whatever the process reports meanwhile. */
  holds: number;
}

/** The process of one engine, as the server sees it. It is asked one thing at a time. */
export class EngineChild {
  readonly #options: EngineChildOptions;
  readonly #child: Bun.Subprocess;
  readonly #descriptors: number;
  #control!: SocketEnd;
  #output!: SocketEnd;
  #pending: Pending | undefined;
  /** The operation that runs at the moment. */
  #operation: string | undefined;
  #isReady = false;
  /** Why the server has killed it, if it has. */
  #verdict: string | undefined;
  #isEnding = false;
  #isDead = false;
  /** Resolves when the process is gone and everything of it is closed. */
  readonly #gone = Promise.withResolvers<void>();

  /** @throws {SystemCallError | Error} when there can be no more processes or descriptors. */
  private constructor(options: EngineChildOptions, child: Bun.Subprocess, descriptors: number) {
    this.#options = options;
    this.#child = child;
    this.#descriptors = descriptors;
  }

  /** Starts one and waits until it can be asked. @throws {EngineRefusal} */
  static async start(options: EngineChildOptions): Promise<EngineChild> {
    const pairs: (readonly [number, number])[] = [];
    let child: Bun.Subprocess;
    try {
      for (let i = 0; i < 3; i++) pairs.push(socketPair());
      const [control = -1, descriptors = -1, output = -1] = pairs.map(([, theirs]) => theirs);
      child = Bun.spawn([OWN_EXECUTABLE, ...PROGRAM, options.title], {
        argv0: ENGINE_PROCESS_NAME,
        cwd: "/",
        env: environment(),
        stdio: ["ignore", output, output, control, descriptors],
        detached: true,
      });
    } catch (cause) {
      for (const [own] of pairs) close(own);
      throw new EngineRefusal(`its process cannot be started: ${messageOf(cause)}`, {
        cause,
        fault: "internal",
      });
    } finally {
      for (const [, theirs] of pairs) close(theirs);
    }
    const [control = -1, descriptors = -1, output = -1] = pairs.map(([own]) => own);
    const started = new EngineChild(options, child, descriptors);
    try {
      await started.#connect(control, output);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    return started;
  }

  get isAlive(): boolean {
    return !this.#isDead;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Asks for something and waits for the answer.
   * @returns the operations that the engine has, when it was loaded.
   * @throws {EngineRefusal} when it is refused, or the process died of it.
   */
  ask(request: ProcessRequest): Promise<readonly string[]> {
    if (this.#isDead) throw new EngineRefusal("its process has ended", { fault: "internal" });
    const answer = this.#await(this.#options.limitMs, ENTERED_BY[request.ask]);
    this.#control.send(formatMessage(request));
    return answer;
  }

  /**
   * Gives the process a descriptor, before the request that needs it; ours stays open.
   * @throws {EngineRefusal} when the process does not take it: it is dead, or the engine has closed
   * its socket, or it has left those from before. For that it is killed. @throws {SystemCallError}
   */
  give(fd: number): void {
    try {
      sendDescriptor(this.#descriptors, fd);
    } catch (cause) {
      const verdict = NOT_TAKEN.get(errorCode(cause) ?? "");
      if (verdict === undefined) throw cause;
      this.#condemn(verdict);
      throw new EngineRefusal(verdict, { cause, fault: "internal" });
    }
  }

  /**
   * Clears the engine and waits until the process is gone.
   * @throws {EngineRefusal} when it died of that.
   */
  async end(): Promise<void> {
    if (this.#isDead) return this.#gone.promise;
    this.#isEnding = true;
    try {
      await this.ask({ ask: "end" });
    } finally {
      await this.kill();
    }
  }

  /** Kills the process, with those that it has started, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    this.#killGroup();
    await this.#gone.promise;
  }

  /**
   * Kills the process because of the operation that runs.
   * @param what the operation did: it follows the name.
   */
  giveUp(what: string): void {
    this.#condemn(this.#accuse(what));
  }

  /**
   * Stops the clock of the operation that runs until `over` resolves,
   * and then gives it its time anew.
   */
  async holdClock(over: Promise<void>): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    pending.holds++;
    await over;
    pending.holds--;
    if (this.#pending === pending) this.#arm(this.#options.limitMs);
  }

  async #connect(control: number, output: number): Promise<void> {
    const reports = new LineSplitter(MAX_REPORT_BYTES, (line) => this.#report(line));
    const limited = new LineLimit(this.#options.log);
    const lines = new LineSplitter(MAX_LOG_LINE_BYTES, (line) => limited.take(line));
    const ready = this.#await(START_LIMIT_MS, []);
    this.#control = await SocketEnd.open(control, (bytes) => reports.push(bytes));
    this.#output = await SocketEnd.open(output, (bytes) => {
      lines.push(bytes);
      if (limited.isFull) void this.#output.restUntil(Bun.sleep(FLOOD_REST_MS));
    });
    void this.#output.closed.then(() => {
      lines.flush();
      limited.end();
    });
    void this.#child.exited.then(() => this.#onExit());
    await ready;
    this.#isReady = true;
  }

  #await(limitMs: number, entered: readonly string[]): Promise<readonly string[]> {
    const settle = Promise.withResolvers<readonly string[]>();
    this.#pending = { ahead: new Set(entered), settle, timer: undefined, holds: 0 };
    this.#arm(limitMs);
    return settle.promise;
  }

  #arm(limitMs: number): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    if (pending.holds > 0) return;
    pending.timer = setTimeout(() => {
      pending.timer = setTimeout(() => this.#onHung(limitMs), GRACE_MS);
    }, limitMs);
  }

  #settle(): Pending["settle"] | undefined {
    const pending = this.#pending;
    clearTimeout(pending?.timer);
    this.#pending = undefined;
    this.#operation = undefined;
    return pending?.settle;
  }

  #report(line: string): void {
    if (this.#verdict !== undefined) return;
    let report: ProcessReport;
    try {
      report = parseProcessReport(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#options.log(error.message);
      return this.#forged();
    }
    switch (report.say) {
      case "calling":
        return this.#enter(report.operation);
      case "ready":
      case "done":
        return this.#settle()?.resolve(report.say === "done" ? report.operations ?? [] : []);
      case "refused":
        return this.#settle()?.reject(new EngineRefusal(report.message));
    }
  }

  /**
   * Gives an operation its time, once a request: the engine can write such a report itself, again
   * and again.
   */
  #enter(operation: string): void {
    const ahead = this.#pending?.ahead;
    if (ahead?.delete(operation) === true) {
      this.#operation = operation;
      this.#arm(this.#options.limitMs);
    } else if (operation !== this.#operation) {
      this.#forged();
    }
  }

  /** A report that the process itself cannot have sent. */
  #forged(): void {
    this.#condemn(this.#accuse("wrote into the channel to the server"));
  }

  #onHung(limitMs: number): void {
    const what = this.#operation === undefined
      ? `its process did not ${this.#isReady ? "answer" : "start"}`
      : `${this.#operation} did not return`;
    this.#condemn(`${what} within ${limitMs / 1000} s`);
  }

  #condemn(verdict: string): void {
    this.#verdict = verdict;
    this.#killGroup();
  }

  /** What was done, and by which operation if one runs. */
  #accuse(what: string): string {
    return this.#operation === undefined ? what : `${this.#operation} ${what}`;
  }

  /**
   * The process leads a group of its own, whose number is taken for as
   * long as it is not waited for.
   */
  #killGroup(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // It is gone already, or has not made its group yet.
      this.#child.kill("SIGKILL");
    }
  }

  /** What it still said is read first: it tells what it died of. */
  async #onExit(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, LAST_WORDS_MS);
    await Promise.race([
      Promise.all([this.#control.closed, this.#output.closed]),
      late.promise,
    ]);
    clearTimeout(timer);
    this.#control.close();
    this.#output.close();
    close(this.#descriptors);
    this.#isDead = true;
    const isKilled = this.#child.signalCode === "SIGKILL";
    const reason = (isKilled ? this.#verdict : undefined) ?? this.#howItEnded();
    this.#settle()?.reject(new EngineRefusal(reason, { fault: "internal" }));
    this.#gone.resolve();
    if (!this.#isEnding) this.#options.onDeath(reason);
  }

  #howItEnded(): string {
    const { signalCode, exitCode } = this.#child;
    return this.#accuse(
      signalCode === null ? `ended its process with status ${exitCode}` : `died of ${signalCode}`,
    );
  }
}

function environment(): Record<string, string> {
  // An idle process is spared the wake-ups of Bun's collector.
  const variables: Record<string, string> = { BUN_GC_TIMER_DISABLE: "1" };
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined) continue;
    if (ALLOWED.has(name) || name.startsWith("LC_")) variables[name] = value;
  }
  return variables;
}
