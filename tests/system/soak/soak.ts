import { setTimeout as sleep } from "node:timers/promises";
import { PAGE_SIZE } from "../../../ffi/libc.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import type { Check } from "./check.ts";
import { ConfEditor } from "./conf_editor.ts";
import { Crew } from "./crew.ts";
import { Hammer } from "./hammer.ts";
import { machineFaults } from "./judge_accounts.ts";
import { descriptorFaults } from "./judge_descriptors.ts";
import { growthFaults, quarterHighs, restingFaults, type Sample } from "./judge_growth.ts";
import { otherSwapping, readKernelCounters } from "./kernel_counters.ts";
import { Ledger } from "./ledger.ts";
import { ProjectDriver } from "./project_driver.ts";
import { PROJECTS } from "./project_plan.ts";
import type { Random } from "../../tools/fixtures/random.ts";
import { ServerWatch } from "./server_watch.ts";
import { formatLine, LINE_HEADING } from "./soak_line.ts";
import type { SoakServer } from "./soak_server.ts";

const TICK_MS = 1000;
const MIB = 2 ** 20;
/**
 * The limit is 2 s; the rest is for a busy machine. What a stop must not wait for takes longer: a
 * request has 8 s.
 */
const END_MS = 7000;

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

/** What is done with a soak. */
export interface SoakSettings {
  readonly seconds: number;
  /** Times in between at which everything rests and is compared. */
  readonly rests: number;
  /** Why the kernel's counters say nothing of what moved, when they do not. */
  readonly blurredBy?: string;
}

/** The soak from the first request to the last check. */
export class Soak {
  readonly #settings: SoakSettings;
  readonly #server: SoakServer;
  readonly #random: Random;
  readonly #crew: Crew;
  readonly #watch: ServerWatch;
  readonly #ledger: Ledger;
  readonly #driver: ProjectDriver;
  readonly #hammer: Hammer;
  readonly #editor: ConfEditor;
  readonly #counters = readKernelCounters();
  /** Who else swapped on this machine. */
  #others: string | undefined;
  /** Descriptors at the first rest. */
  #descriptors: string[] | undefined;
  #rests = 0;
  readonly #descriptorFaults: string[] = [];
  /** By the last rest. */
  #machine: Omit<Check, "name"> = { detail: "", faults: [] };
  /** Of RssAnon, under load. */
  #samples: readonly Sample[] = [];
  /** RssAnon at the last rest, when the workers had ended. */
  #restingBytes = Number.NaN;
  readonly #told = new Set<string>();

  constructor(settings: SoakSettings, server: SoakServer, executable: string, random: Random) {
    this.#settings = settings;
    this.#server = server;
    this.#random = random;
    this.#crew = new Crew(executable, random);
    this.#watch = new ServerWatch(server.pid);
    this.#ledger = new Ledger(this.#watch.delay);
    this.#driver = new ProjectDriver({ server, random, crew: this.#crew, ledger: this.#ledger });
    this.#hammer = new Hammer(server, random);
    this.#editor = new ConfEditor(server, random);
  }

  /** @param signal has it end early. */
  async run(signal: AbortSignal): Promise<Check[]> {
    const { seconds, rests } = this.#settings;
    this.#hammer.begin();
    await this.#crew.fill();
    await this.#driver.addAll();
    await this.#rest();
    for (const { name } of PROJECTS) await this.#driver.start(name);
    this.#watch.rssAnon.length = 0;
    const begin = performance.now();
    const restEvery = seconds / (rests + 1);
    console.log(LINE_HEADING);
    for (let minute = 0; !signal.aborted;) {
      const passed = (performance.now() - begin) / 1000;
      if (passed >= seconds) break;
      if (this.#rests <= Math.min(rests, Math.floor(passed / restEvery))) await this.#rest();
      await this.#tick();
      if (passed >= minute * 60) {
        this.#line(passed);
        minute++;
      }
      await sleep(Math.max(1, TICK_MS - ((performance.now() - begin) % TICK_MS)));
    }
    this.#samples = [...this.#watch.rssAnon];
    await this.#rest();
    await this.#hammer.end();
    this.#line((performance.now() - begin) / 1000);
    await this.#crew.dismiss();
    return [...this.#checks(), await this.#end()];
  }

  async #tick(): Promise<void> {
    this.#watch.look();
    this.#others ??= otherSwapping(this.#counters);
    const status = await this.#server.status();
    this.#ledger.see(status);
    this.#editor.see(status);
    if (this.#random.chance(0.5)) await this.#crew.exchangeOne();
    this.#crew.useCold();
    if (this.#random.chance(0.25)) await this.#driver.changeOne();
    this.#tell();
  }

  /** Stops everything, compares everything, and goes on. */
  async #rest(): Promise<void> {
    const started = await this.#driver.stopAll();
    await this.#editor.rest();
    await this.#hammer.rest();
    this.#driver.settle();
    this.#settleMachine();
    // After 30 s without work.
    await waitFor("the workers to end", async () => {
      this.#watch.look();
      return (await this.#server.status()).server.workers === 0;
    }, { firstPauseMs: 100 });
    this.#restingBytes = this.#watch.rssAnon.at(-1)?.bytes ?? Number.NaN;
    await this.#compareDescriptors();
    this.#rests++;
    for (const name of started) await this.#driver.start(name);
    this.#hammer.go();
    this.#tell();
  }

  #settleMachine(): void {
    const now = readKernelCounters();
    const { asked, moved, cameBack } = this.#ledger.sums;
    this.#others ??= otherSwapping(this.#counters);
    const swappedOutBytes = (now.swappedOut - this.#counters.swappedOut) * PAGE_SIZE;
    const swappedInBytes = (now.swappedIn - this.#counters.swappedIn) * PAGE_SIZE;
    const detail = `moved ${mib(moved)}, the kernel swapped out ${
      mib(swappedOutBytes)
    }; came back ${mib(cameBack)}, swapped in ${mib(swappedInBytes)}`;
    const { blurredBy } = this.#settings;
    if (blurredBy !== undefined) {
      this.#machine = { detail: `${detail}; not compared: ${blurredBy}`, faults: [] };
      return;
    }
    this.#machine = {
      detail: this.#others === undefined
        ? detail
        : `${detail}; whether that is more than was asked is not compared: ${this.#others}`,
      faults: machineFaults({
        askedBytes: asked,
        movedBytes: moved,
        cameBackBytes: cameBack,
        unseenBytes: this.#driver.unseenBytes,
        swappedOutBytes,
        swappedInBytes,
        isAlone: this.#others === undefined,
      }),
    };
  }

  /**
   * Waits until the descriptors are those of the first rest, or it is clear that they will not be.
   */
  async #compareDescriptors(): Promise<void> {
    let faults: string[] = [];
    for (let i = 0; i < 100; i++) {
      const kinds = this.#watch.openKinds();
      this.#descriptors ??= kinds;
      faults = descriptorFaults(this.#descriptors, kinds);
      if (faults.length === 0) return;
      await sleep(100);
    }
    this.#descriptorFaults.push(...faults.map((fault) => `at rest ${this.#rests}: ${fault}`));
  }

  /** What was found so far and will not go away. */
  #faults(): string[] {
    return [
      this.#descriptorFaults,
      this.#ledger.faults,
      this.#driver.accountFaults,
      this.#driver.commandFaults,
      this.#hammer.faults,
      this.#editor.faults,
      this.#watch.faults,
    ].flat();
  }

  /** Says what was found since the last time. */
  #tell(): void {
    for (const fault of this.#faults()) {
      if (this.#told.has(fault)) continue;
      this.#told.add(fault);
      console.log(`  fault: ${fault}`);
    }
  }

  #line(seconds: number): void {
    const { moved, cameBack } = this.#ledger.sums;
    console.log(formatLine({
      seconds,
      rounds: this.#ledger.rounds,
      movedBytes: moved,
      cameBackBytes: cameBack,
      answers: this.#hammer.count,
      commands: this.#driver.commands,
      targets: this.#crew.started,
      rssAnonBytes: this.#watch.rssAnon.at(-1)?.bytes ?? 0,
      rssBytes: this.#watch.rssBytes,
      descriptors: this.#watch.descriptors,
      threads: this.#watch.highestThreads,
      faults: this.#faults().length,
    }));
  }

  #checks(): Check[] {
    const { sums, rounds, runs } = this.#ledger;
    const highs = quarterHighs(this.#samples).map(mib).join(", ");
    const accountFaults = [...this.#driver.accountFaults];
    if (this.#driver.accounts === 0) accountFaults.push("none was compared");
    const roundFaults = [...this.#ledger.faults];
    if (rounds === 0 || sums.moved === 0 || sums.cameBack === 0) {
      roundFaults.push("nothing moved and came back");
    }
    const answers = Object.entries(this.#hammer.answers).map(([name, n]) => `${n} ${name}`);
    return [
      {
        name: "no growth",
        detail: `RssAnon at most ${highs} in the quarters, ${mib(this.#restingBytes)} at rest`,
        faults: [...growthFaults(this.#samples), ...restingFaults(this.#restingBytes)],
      },
      {
        name: "no descriptor is left open",
        detail: `${
          this.#descriptors?.length ?? 0
        } at rest, compared ${this.#rests} times; at most ${this.#watch.highestDescriptors} under load`,
        faults: this.#descriptorFaults,
      },
      {
        name: "no round is missing, late or out of balance",
        detail: `${rounds} rounds in ${runs} runs of tasks; ${mib(sums.asked)} asked, ${
          mib(sums.moved)
        } moved`,
        faults: roundFaults,
      },
      {
        name: "tasks agree with VmSwap and faults of their processes",
        detail: `${this.#driver.accounts} accounts`,
        faults: accountFaults,
      },
      { name: "tasks agree with the kernel's counters", ...this.#machine },
      {
        name: "clients are answered",
        detail: `${answers.join(", ")}; slowest show ${this.#hammer.slowestShowMs.toFixed(1)} ms`,
        faults: this.#hammer.faults,
      },
      {
        name: "projects do what they are told",
        detail: `${this.#driver.commands} commands`,
        faults: this.#driver.commandFaults,
      },
      {
        name: "the files of --conf-dir say what runs",
        detail: `${this.#editor.edits} edits, ${this.#editor.kept} tasks went on over them; ` +
          `seen to be followed after ${Math.round(this.#editor.slowestMs)} ms at most`,
        faults: this.#editor.kept > 0 ? this.#editor.faults : [
          ...this.#editor.faults,
          "no task has gone on",
        ],
      },
      {
        name: "no zombies",
        detail: `at most ${this.#watch.highestThreads} threads`,
        faults: this.#watch.faults,
      },
      {
        name: "memory is what was written",
        detail: `${this.#crew.verified} of ${this.#crew.started} targets compared theirs`,
        faults: this.#crew.badPages === 0 ? [] : [`${this.#crew.badPages} pages are wrong`],
      },
    ];
  }

  /** Ends the server. */
  async #end(): Promise<Check> {
    const faults: string[] = [];
    const server = this.#server;
    if (server.pidFile() !== String(server.pid)) faults.push("the pid file is not its own");
    const children = this.#watch.children();
    const ms = await server.stop();
    if (ms > END_MS) faults.push(`it took ${Math.round(ms)} ms to end`);
    if (server.pidFile() !== undefined) faults.push("the pid file is still there");
    const left = children.filter((pid) => isThere(pid));
    if (left.length > 0) faults.push(`its processes ${left.join()} are still there`);
    return { name: "nothing is left", detail: `ended in ${Math.round(ms)} ms`, faults };
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
