import { RawClient, SHOW_V1, STATUS_V2 } from "../raw_client.ts";
import type { Random } from "../../tools/fixtures/random.ts";
import { messageOf } from "../../../src/text/message_of.ts";
import type { SoakServer } from "./soak_server.ts";

const WRONG: readonly string[] = [
  "nonsense",
  "\x00\x01\x02\xfe\xff",
  "x".repeat(600),
  "proj_name - file_name - cmd 9 eng_name - eng_cmd - task_name -",
  "proj_name - file_name - cmd 2 eng_name - eng_cmd - task_name -",
  "proj_name a b file_name - cmd 4 eng_name - eng_cmd - task_name -",
  '{"version":7,"command":"status"}\n',
  '{"version":2,"command":"dance"}\n',
  '{"version":2,"command":"project_start"}\n',
  "{}\n",
  "{nonsense\n",
];

/** Parts of requests: whoever sends one is closed when his time is over. */
const HALVES: readonly string[] = ["", '{"version":2,"comm', "{"];

/** Clients that ask, ask for nonsense, never end what they say, or never listen. */
export class Hammer {
  readonly #server: SoakServer;
  readonly #random: Random;
  readonly answers: Record<string, number> = {};
  readonly faults: string[] = [];
  slowestShowMs = 0;
  #isResting = true;
  #hasEnded = false;
  readonly #loops: Promise<void>[] = [];
  #busy = 0;

  constructor(server: SoakServer, random: Random) {
    this.#server = server;
    this.#random = random;
  }

  /** Sets all clients to work; they rest until `go`. */
  begin(): void {
    const raw = (text: string) => async () => await this.#ask(text);
    this.#loop("show", 150, this.#show);
    this.#loop("status --json", 700, async () => {
      if (!(await this.#ask(STATUS_V2)).endsWith('"ok":true}\n')) throw new Error("no status");
    });
    this.#loop("wrong requests", 200, async () => {
      const text = this.#random.pick(WRONG);
      const answer = await raw(text)();
      if (!/^error: invalid parameters.*\[failed\]$|"kind":"invalid"/.test(answer)) {
        throw new Error(`${JSON.stringify(text)} is answered by ${JSON.stringify(answer)}`);
      }
    });
    for (let i = 0; i < 4; i++) {
      this.#loop("half requests", 500, async () => {
        using client = await RawClient.connect(this.#server.socket);
        client.send(this.#random.pick(HALVES));
        await client.answer();
      });
      this.#loop("never reading", 500, async () => {
        using client = await RawClient.connect(this.#server.socket, false);
        client.send(STATUS_V2);
        await this.#pause(this.#random.between(100, 15_000));
      });
    }
    this.#loop("gone at once", 300, async () => {
      using client = await RawClient.connect(this.#server.socket);
      client.send(this.#random.pick([SHOW_V1, STATUS_V2, "{"]));
    });
    this.#loop("etmem project show", 1500, async () => {
      const { status, stdout, stderr } = await this.#server.etmem("project", "show");
      if (status !== 0 || !/^(project: |no project)/.test(stdout)) throw new Error(stderr);
    });
    this.#loop("etmem status --json", 3000, async () => {
      const { status, stdout, stderr } = await this.#server.etmem("status", "--json");
      if (status !== 0) throw new Error(stderr);
      JSON.parse(stdout);
    });
  }

  go(): void {
    this.#isResting = false;
  }

  /** Lets all clients end what they do, and rest. */
  async rest(): Promise<void> {
    this.#isResting = true;
    while (this.#busy > 0) await Bun.sleep(20);
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.rest();
    await Promise.all(this.#loops);
  }

  get count(): number {
    return Object.values(this.answers).reduce((sum, n) => sum + n, 0);
  }

  readonly #show = async (): Promise<void> => {
    const begin = performance.now();
    const answer = await this.#ask(SHOW_V1);
    this.slowestShowMs = Math.max(this.slowestShowMs, performance.now() - begin);
    if (!/^(project: |no project)[^]*\[ok\]$/.test(answer)) throw new Error(answer);
  };

  async #ask(text: string): Promise<string> {
    using client = await RawClient.connect(this.#server.socket);
    client.send(text);
    return await client.answer();
  }

  #loop(name: string, pauseMs: number, work: () => Promise<void>): void {
    this.answers[name] = 0;
    const run = async (): Promise<void> => {
      while (!this.#hasEnded) {
        await Bun.sleep(this.#random.between(1, 2 * pauseMs));
        if (this.#isResting) continue;
        this.#busy++;
        try {
          await work();
          this.answers[name] = (this.answers[name] ?? 0) + 1;
        } catch (error) {
          this.faults.push(`${name}: ${messageOf(error)}`);
        } finally {
          this.#busy--;
        }
      }
    };
    this.#loops.push(run());
  }

  /** Waits, but not longer than there is to do. */
  async #pause(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end && !this.#isResting) await Bun.sleep(50);
  }
}
