import { expect } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { RoundStatus } from "../../src/status/round_status.ts";
import type { ServerStatus } from "../../src/status/server_status.ts";
import type { TaskStatus } from "../../src/status/task_status.ts";
import { accountFaults } from "../tools/fixtures/account_faults.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { askStatus } from "./ask_status.ts";
import { ask } from "./raw_client.ts";
import { ServerProcess, type ServerStart } from "./server_process.ts";

/** The name of every task that slideFile() makes. */
const TASK = "t";

/**
 * A project with one slide task, on means that every kernel has,
 * and rounds that are as short as they can be.
 */
export function slideFile(
  project: string,
  target: { readonly pid: number } | { readonly comm: string },
  more = "",
): string {
  const what = "pid" in target
    ? `type=pid\nvalue=${target.pid}`
    : `type=name\nvalue=${target.comm}`;
  return [
    `[project]\nname=${project}\nloop=1\ninterval=1\nsleep=1\ntracker=smaps\nmover=process_madvise`,
    `[engine]\nname=slide\nproject=${project}`,
    `[task]\nproject=${project}\nengine=slide\nname=${TASK}\n${what}\nT=1\nstall_limit=no\n${more}`,
  ].join("\n");
}

/** A value of /proc/PID/status in bytes, such as VmSwap. */
export function processMemory(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) * 1024;
}

/** Expects that a round adds up. */
export function expectAccount(round: RoundStatus): void {
  expect(accountFaults(round)).toEqual([]);
}

/** A server with projects of slideFile(), asked as clients ask. */
export class SlideServer implements AsyncDisposable {
  readonly process: ServerProcess;

  private constructor(process: ServerProcess) {
    this.process = process;
  }

  /** Starts one and waits until it listens. */
  static async launch(start: ServerStart = {}): Promise<SlideServer> {
    return new SlideServer(await ServerProcess.start(start));
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Adds a configuration and starts its project. */
  async add(project: string, text: string): Promise<void> {
    await this.addObjects(project, text);
    await this.start(project);
  }

  async addObjects(project: string, text: string): Promise<void> {
    expect(await this.#v1(0, "-", this.process.file(`${project}.conf`, text))).toBe("[ok]");
  }

  /** Stops a project, and starts it anew with another configuration. */
  async replace(project: string, text: string): Promise<void> {
    await this.stop(project);
    const path = this.process.file(`${project}.conf`, text);
    expect(await this.#v1(1, "-", path)).toEndWith("[ok]");
    await this.add(project, text);
  }

  async start(project: string): Promise<void> {
    expect(await this.#v1(2, project, "-")).toBe("[ok]");
  }

  /** Stops a project, and does so in time: by its own clock the server gives up after 8 s. */
  async stop(project: string): Promise<void> {
    // It says how much is still in swap.
    expect(await this.#v1(3, project, "-")).toMatch(/^(?:.* is still in swap, .*\n)?\[ok\]$/);
  }

  #v1(command: number, project: string, file: string): Promise<string> {
    return ask(
      this.process.name,
      `proj_name ${project} file_name ${file} cmd ${command} eng_name - eng_cmd - task_name -`,
    );
  }

  /** What `etmem status --json` would print. @throws {Error} with the refusal. */
  status(): Promise<ServerStatus> {
    return askStatus(this.process.name);
  }

  /** The task of a project. */
  async task(project: string): Promise<TaskStatus> {
    const { projects } = await this.status();
    const task = projects.find(({ name }) => name === project)?.engines[0]?.tasks[0];
    if (task === undefined) throw new Error(`no task in project ${project}`);
    return task;
  }

  /** Waits for a round of a project of which something is true. */
  untilRound(
    project: string,
    what: string,
    is: (round: RoundStatus) => boolean,
  ): Promise<RoundStatus> {
    return waitFor(`a round of ${project} ${what}`, async () => {
      return (await this.task(project)).rounds.find(is);
    }, { firstPauseMs: 50 });
  }

  /** How many descriptors refer to processes: what rounds open. */
  processDescriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).filter((fd) => {
      try {
        return /^\/proc\/\d+/.test(readlinkSync(`/proc/${this.pid}/fd/${fd}`));
      } catch {
        return false; // closed meanwhile
      }
    }).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
