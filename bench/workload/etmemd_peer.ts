import { messageOf } from "../../src/text/message_of.ts";
import { processCpuSeconds } from "../process_cpu_clock.ts";
import { ServerUnderTest } from "../server_under_test.ts";
import { type Attached, NotThere, type Peer, type Surroundings } from "./peer.ts";

type Keys = Readonly<Record<string, string | number>>;

/** A setting of etmemd. */
export interface EtmemdSetting {
  readonly name: string;
  readonly about: string;
  readonly family: string;
  /** Besides loop=3 interval=1 sleep=1. */
  readonly project?: Keys;
  /** Besides T=1. */
  readonly task?: Keys;
  /** It is the build that this one is compared with. */
  readonly isBefore?: true;
}

/** Has the client do something. @throws {NotThere} with the refusal. */
function ask(work: () => string): string {
  try {
    return work();
  } catch (error) {
    throw new NotThere(messageOf(error), { cause: error });
  }
}

/** @throws {NotThere} when the server does not know one of the keys. */
function addTask(server: ServerUnderTest, setting: EtmemdSetting, at: Surroundings): void {
  const [pid = 0] = at.pids;
  const target = at.pids.length === 1
    ? { type: "pid", value: pid }
    : { type: "name", value: at.comm };
  const project = { loop: 3, interval: 1, sleep: 1, ...setting.project };
  const said = ask(() => server.addTask({ ...target, ...setting.task }, project));
  // A key that a server does not know is no reason for it to refuse the file.
  const unknown = /unknown key "[^"]*"/.exec(said)?.[0];
  if (unknown !== undefined) throw new NotThere(unknown);
}

async function attach(setting: EtmemdSetting, at: Surroundings): Promise<Attached> {
  const bin = setting.isBefore === true ? at.before : at.bin;
  if (bin === undefined) throw new NotThere("--before names no other build");
  await using atFailure = new AsyncDisposableStack();
  const server = atFailure.use(await ServerUnderTest.start(at.folder, { bin }));
  addTask(server, setting, at);
  atFailure.move();
  return {
    begin: () => void ask(() => server.startProject()),
    cpuSeconds: () => processCpuSeconds(server.pid),
    async note() {
      const { tracker, total, failed } = await server.task();
      return failed ?? `${tracker}, rounds: ${total.rounds}`;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** etmemd, as it is built, with one task of the slide engine. */
export function etmemdPeer(setting: EtmemdSetting): Peer {
  const { name, about, family } = setting;
  return { name, about, family, attach: (at) => attach(setting, at) };
}
