import type { ServerStatus } from "../status/server_status.ts";

/** What a server answered when it was asked for its status: that, or why there is none. */
export type ServerAnswer = { readonly status: ServerStatus } | { readonly problem: string };

/** A server that was asked. */
export interface AskedServer {
  /** The name of its socket. */
  readonly socket: string;
  readonly answer: ServerAnswer;
}

/** An etmemd process of this machine. */
export interface RunningServer {
  readonly pid: number;
  /** As given with -s and --conf-dir; absent where its command line does not say. */
  readonly socket?: string;
  readonly confDir?: string;
  /** It has another network namespace: no client from here reaches it. */
  readonly isElsewhere?: true;
}

/** What the doctor looks at, and may ask. */
export interface Patient {
  /** As given with -s, -n and -f. */
  readonly socket: string | undefined;
  readonly project: string | undefined;
  /** Absolute. */
  readonly file: string | undefined;
  readonly isRoot: boolean;
  readonly running: readonly RunningServer[];
  readonly asked: readonly AskedServer[];
  /** Where procfs and sysfs are mounted. */
  readonly proc: string;
  readonly sys: string;
  readonly pidFile: string;
  /** The folder that the service takes its configuration files from. */
  readonly confDir: string;
  /** Runs a program. @returns its output; undefined where there is none, or it failed. */
  readonly output: (command: readonly string[]) => string | undefined;
}

/** The servers that answered. */
export function answersOf({ asked }: Patient): { socket: string; status: ServerStatus }[] {
  return asked.flatMap(({ socket, answer }) =>
    "status" in answer ? [{ socket, status: answer.status }] : []
  );
}
