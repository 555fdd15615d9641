import { LineSource } from "../../tests/tools/fixtures/line_source.ts";
import { mergeProcesses, type Window } from "./window.ts";
import { type Course, shapeArguments, type Workload } from "./workload_table.ts";

/** How the processes of a workload are started. */
export interface TargetSettings {
  /** What workload.c was compiled to. */
  readonly executable: string;
  /** A command line in front of its own. */
  readonly through?: readonly string[];
  readonly workload: Workload;
  readonly course: Course;
  /** What is counted is counted apart for each of these; a divisor of all seconds. */
  readonly windowSeconds: number;
  /** Their name in /proc/PID/comm. */
  readonly comm: string;
}

function commandOf(settings: TargetSettings, number: number): string[] {
  const { executable, through = [], workload, course, windowSeconds, comm } = settings;
  const seed = course.seed + number;
  return [
    ...through,
    executable,
    "--window",
    String(windowSeconds),
    "--vmas",
    String(workload.vmas ?? 1),
    "--name",
    comm,
    ...shapeArguments(workload, { ...course, seed }),
  ];
}

/** One process of workload.c. */
class WorkloadProcess {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #lines: LineSource;

  constructor(command: string[]) {
    this.#child = Bun.spawn(command, { stdio: ["pipe", "pipe", "pipe"] });
    this.#lines = new LineSource(this.#child.stdout);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it says next. @throws {Error} with what it says of a fault. */
  async line(): Promise<string> {
    try {
      return await this.#lines.next();
    } catch (error) {
      const reason = (await this.#child.stderr.text()).trim();
      const status = await this.#child.exited;
      const how = this.#child.signalCode ?? `status ${status}`;
      throw new Error(`the workload ended by ${how}: ${reason}`, { cause: error });
    }
  }

  tell(): void {
    void this.#child.stdin.write("\n");
    void this.#child.stdin.flush();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** The processes of a workload, all of them filled. */
export class WorkloadTarget implements Disposable {
  readonly comm: string;
  readonly #processes: readonly WorkloadProcess[];
  readonly #windows: number;

  private constructor(settings: TargetSettings) {
    this.comm = settings.comm;
    this.#windows = settings.course.seconds / settings.windowSeconds;
    this.#processes = Array.from(
      { length: settings.workload.processes },
      (_, number) => new WorkloadProcess(commandOf(settings, number)),
    );
  }

  /** Starts them and waits until their memory is filled. */
  static async start(settings: TargetSettings): Promise<WorkloadTarget> {
    using atFailure = new DisposableStack();
    const target = atFailure.use(new WorkloadTarget(settings));
    for (const process of target.#processes) await process.line();
    atFailure.move();
    return target;
  }

  get pids(): readonly number[] {
    return this.#processes.map(({ pid }) => pid);
  }

  /** Has them serve. */
  go(): void {
    for (const process of this.#processes) process.tell();
  }

  /** The windows of all of them, once the last request is served. @throws {Error} */
  async windows(): Promise<Window[]> {
    const each: Window[][] = [];
    for (const process of this.#processes) {
      const own: Window[] = [];
      while (own.length < this.#windows) own.push(JSON.parse(await process.line()) as Window);
      each.push(own);
    }
    return Array.from(
      { length: this.#windows },
      (_, i) => mergeProcesses(each.flatMap((own) => own.slice(i, i + 1))),
    );
  }

  /** Has them compare all of their memory. @returns pages, all of them right. @throws {Error} */
  async compare(): Promise<number> {
    for (const process of this.#processes) process.tell();
    let pages = 0;
    for (const process of this.#processes) pages += Number(await process.line());
    return pages;
  }

  [Symbol.dispose](): void {
    for (const process of this.#processes) process.kill();
  }
}
