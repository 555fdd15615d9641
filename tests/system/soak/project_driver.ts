import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import type { Crew } from "./crew.ts";
import { processFaults } from "./judge_accounts.ts";
import type { Ledger } from "./ledger.ts";
import { configOf, type ProjectPlan, PROJECTS } from "./project_plan.ts";
import type { Random } from "../../tools/fixtures/random.ts";
import type { Answer, SoakServer } from "./soak_server.ts";
import type { SoakTarget } from "./soak_target.ts";

type State = "absent" | "stopped" | "started";

/** What the driver needs besides. */
export interface DriverMeans {
  readonly server: SoakServer;
  readonly crew: Crew;
  readonly ledger: Ledger;
  readonly random: Random;
}

/**
 * Adds, starts, stops and deletes the projects by the client program, and settles their accounts.
 */
export class ProjectDriver {
  readonly #server: SoakServer;
  readonly #crew: Crew;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #states = new Map<string, State>(PROJECTS.map(({ name }) => [name, "absent"]));
  /**
   * Of the project whose tasks are by pid: the target of each task,
   * and its faults when it was added.
   */
  #exact: { readonly target: SoakTarget; readonly faults: number }[] = [];
  /**
   * Memory that may have been asked for without being seen:
   * of projects that were deleted while they ran.
   */
  unseenBytes = 0;
  /** Client commands so far, and those that did not end as they should. */
  commands = 0;
  readonly commandFaults: string[] = [];
  /** Accounts of processes so far, and what was wrong with them. */
  accounts = 0;
  readonly accountFaults: string[] = [];

  constructor({ server, crew, ledger, random }: DriverMeans) {
    this.#server = server;
    this.#crew = crew;
    this.#ledger = ledger;
    this.#random = random;
  }

  async addAll(): Promise<void> {
    for (const plan of PROJECTS) await this.#add(plan);
  }

  /** Does something to one of the projects. */
  async changeOne(): Promise<void> {
    const random = this.#random;
    const plan = random.pick(PROJECTS);
    const { name } = plan;
    switch (this.#states.get(name)) {
      case undefined:
      case "absent":
        if (random.chance(0.2)) await this.#refused("project is not exist", "start", name);
        await this.#add(plan);
        return;
      case "stopped":
        if (random.chance(0.2)) await this.#refused("project has been stopped", "stop", name);
        if (random.chance(0.7)) await this.start(name);
        else await this.#remove(plan);
        return;
      case "started":
        if (random.chance(0.2)) await this.#refused("project has been started", "start", name);
        if (random.chance(0.5)) return;
        if (plan.isFleeting !== true) await this.#stop(name);
        else await this.#remove(plan);
    }
  }

  async start(name: string): Promise<void> {
    await this.#done("project", "start", "-n", name);
    this.#ledger.begin(PROJECTS.find((plan) => plan.name === name)!);
    this.#states.set(name, "started");
  }

  /** @returns those that were started. */
  async stopAll(): Promise<string[]> {
    const started = [...this.#states].filter(([, state]) => state === "started");
    for (const [name] of started) await this.#stop(name);
    return started.map(([name]) => name);
  }

  /** Compares the account of each process that has a task of its own; nothing runs. */
  settle(): void {
    for (const plan of PROJECTS) {
      if (plan.byPid === true && this.#states.get(plan.name) === "stopped") this.#settle(plan);
    }
  }

  async #etmem(...args: readonly string[]): Promise<Answer> {
    this.commands++;
    return await this.#server.etmem(...args);
  }

  async #done(...args: readonly string[]): Promise<void> {
    const { status, stderr } = await this.#etmem(...args);
    if (status !== 0) this.commandFaults.push(`etmem ${args.join(" ")}: ${status}: ${stderr}`);
  }

  async #refused(words: string, verb: string, project: string): Promise<void> {
    const { status, stderr } = await this.#etmem("project", verb, "-n", project);
    if (status === 1 && stderr.includes(words)) return;
    this.commandFaults.push(`etmem project ${verb} -n ${project}: ${status}: ${stderr}`);
  }

  #config(plan: ProjectPlan): string {
    const pids = this.#exact.map(({ target }) => target.pid);
    return this.#server.file(`${plan.name}.conf`, configOf(plan, pids));
  }

  async #add(plan: ProjectPlan): Promise<void> {
    if (plan.byPid === true) {
      this.#ledger.forget(plan.name);
      this.#exact = this.#crew.members(plan.tasks[0]?.target).map((target) => ({
        target,
        faults: target.faults(),
      }));
    }
    await this.#done("obj", "add", "-f", this.#config(plan));
    this.#states.set(plan.name, "stopped");
  }

  async #stop(name: string): Promise<void> {
    await this.#done("project", "stop", "-n", name);
    this.#states.set(name, "stopped");
    // A thread that the kernel holds ends later.
    await waitFor(`the rounds of ${name} to end`, async () => {
      this.#ledger.see(await this.#server.status());
      return this.#ledger.hasEnded(name);
    });
    this.#ledger.end(name, true);
  }

  async #remove(plan: ProjectPlan): Promise<void> {
    if (this.#states.get(plan.name) === "started") {
      this.#ledger.see(await this.#server.status());
      const members = plan.tasks.flatMap(({ target }) => this.#crew.members(target));
      this.unseenBytes += members.reduce((sum, { bytes }) => sum + bytes, 0);
      await this.#done("obj", "del", "-f", this.#config(plan));
      this.#ledger.end(plan.name, false);
    } else {
      if (plan.byPid === true) this.#settle(plan);
      await this.#done("obj", "del", "-f", this.#config(plan));
      if (plan.byPid === true) {
        for (const { target } of this.#exact) await this.#crew.replace(target, true);
      }
    }
    this.#states.set(plan.name, "absent");
  }

  #settle(plan: ProjectPlan): void {
    for (const [i, { target, faults }] of this.#exact.entries()) {
      const { moved, cameBack, rounds } = this.#ledger.ofTask(
        plan.name,
        `${plan.tasks[0]?.name}_${i}`,
      );
      this.accounts++;
      this.accountFaults.push(...processFaults({
        pid: target.pid,
        movedBytes: moved,
        cameBackBytes: cameBack,
        swapBytes: target.swapBytes(),
        faults: target.faults() - faults,
        rounds,
      }, PAGE_SIZE));
    }
  }
}
