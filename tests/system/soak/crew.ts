import type { Random } from "../../tools/fixtures/random.ts";
import { SoakTarget, type TargetShape } from "./soak_target.ts";

const KIB = 1024;

/** Targets of one kind. */
interface Squad {
  readonly name: string;
  readonly targets: number;
  readonly children: number;
  /** They come and go by themselves; others only when their project is taken away. */
  readonly isFleeting: boolean;
}

/** 50 processes: those of tasks by pid, and by three names, one of them with descendants. */
const SQUADS: readonly Squad[] = [
  { name: "soak-pid", targets: 4, children: 0, isFleeting: false },
  { name: "soak-a", targets: 12, children: 0, isFleeting: true },
  { name: "soak-b", targets: 4, children: 3, isFleeting: true },
  { name: "soak-c", targets: 10, children: 0, isFleeting: true },
  { name: "soak-d", targets: 8, children: 0, isFleeting: true },
];

/** The targets, which come and go. */
export class Crew {
  readonly #executable: string;
  readonly #random: Random;
  readonly #members: SoakTarget[] = [];
  /** Started so far. */
  started = 0;
  /** Pages whose contents were wrong, and how often was looked. */
  badPages = 0;
  verified = 0;

  constructor(executable: string, random: Random) {
    this.#executable = executable;
    this.#random = random;
  }

  /** Starts all. */
  async fill(): Promise<void> {
    for (const squad of SQUADS) {
      for (let i = 0; i < squad.targets; i++) await this.#start(squad);
    }
  }

  /** Those that are there. */
  members(name?: string): readonly SoakTarget[] {
    return name === undefined
      ? this.#members
      : this.#members.filter(({ shape }) => shape.name === name);
  }

  /** Has one of those that come and go leave, or dies, and another one of its kind come. */
  async exchangeOne(): Promise<void> {
    const squads = SQUADS.filter((squad) => squad.isFleeting);
    const squad = this.#random.pick(squads);
    await this.replace(this.#random.pick(this.members(squad.name)), this.#random.chance(0.5));
  }

  /** @param orderly whether it compares its memory and exits, or is killed. */
  async replace(target: SoakTarget, orderly: boolean): Promise<void> {
    const squad = SQUADS.find(({ name }) => name === target.shape.name)!;
    this.#members.splice(this.#members.indexOf(target), 1);
    if (orderly) {
      this.#note(await target.leave());
    } else {
      await target.kill();
    }
    await this.#start(squad);
  }

  /** Has some use what they have not used for long. */
  useCold(): void {
    for (const target of this.#members) if (this.#random.chance(0.05)) target.useCold();
  }

  /** Has all compare their memory and end. */
  async dismiss(): Promise<void> {
    for (const target of this.#members.splice(0)) this.#note(await target.leave());
  }

  #note(badPages: number): void {
    this.badPages += badPages;
    this.verified++;
  }

  async #start({ name, children }: Squad): Promise<void> {
    const random = this.#random;
    const shape: TargetShape = {
      name,
      hotBytes: random.between(16, 512) * 4 * KIB,
      coldBytes: random.between(64, 2048) * 4 * KIB,
      mixedBytes: random.chance(0.5) ? random.between(1, 256) * 4 * KIB : 0,
      children,
      pauseMs: random.pick([50, 100, 200]),
    };
    this.#members.push(await SoakTarget.start(this.#executable, shape));
    this.started++;
  }
}
