import { PID_FILE } from "../daemon/pid_file.ts";
import { type Diagnosis, examine } from "./examine.ts";
import type { AskedServer, Patient, RunningServer, ServerAnswer } from "./patient.ts";
import { runningServers } from "./running_servers.ts";

/** What the doctor is to look at: -s, -n and -f of its command line. */
export interface DoctorOrder {
  readonly socket: string | undefined;
  readonly project: string | undefined;
  /** Absolute. */
  readonly file: string | undefined;
}

/** The folder that the unit of the package names. */
const CONF_DIR = "/etc/etmem/conf.d";
/** A program that is asked for something answers within this, or not at all. */
const OUTPUT_MS = 5000;

/** Looks at this machine and its servers. @param ask asks a server for its status. */
export async function runDoctor(
  order: DoctorOrder,
  ask: (socket: string) => Promise<ServerAnswer>,
): Promise<Diagnosis> {
  const running = runningServers("/proc");
  const asked = await Promise.all(
    socketsOf(order, running).map(async (socket): Promise<AskedServer> => ({
      socket,
      answer: await ask(socket),
    })),
  );
  const patient: Patient = {
    ...order,
    isRoot: process.getuid?.() === 0 && process.getgid?.() === 0,
    running,
    asked,
    proc: "/proc",
    sys: "/sys",
    pidFile: PID_FILE,
    confDir: CONF_DIR,
    output,
  };
  return await examine(patient);
}

/** The server that was named, else all that say their names. */
function socketsOf({ socket }: DoctorOrder, running: readonly RunningServer[]): string[] {
  if (socket !== undefined) return [socket];
  return running.flatMap(({ socket: name, isElsewhere }) =>
    name === undefined || isElsewhere === true ? [] : [name]
  );
}

function output(command: readonly string[]): string | undefined {
  try {
    const { success, stdout } = Bun.spawnSync([...command], {
      stdio: ["ignore", "pipe", "ignore"],
      timeout: OUTPUT_MS,
    });
    return success ? stdout.toString() : undefined;
  } catch (error) {
    // The program is not there.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
