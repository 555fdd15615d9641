import { existsSync, readFileSync } from "node:fs";
import { errorCode } from "../ffi/errno.ts";
import type { Caretaker } from "./caretaker.ts";
import { RespClient } from "./resp_client.ts";
import { RespError } from "./resp.ts";
import { runTool } from "./run_tool.ts";
import { SetupError } from "./setup_error.ts";
import { keyName, storedValue } from "./stored_value.ts";

/** Values that are sent, or asked for, in one go. */
const BATCH = 500;
/** A key that no store has. */
const NO_KEY = "none";
const START_MS = 10_000;
const POLL_MS = 50;

/** The program that holds the data: Redis, or the demo's own stand-in. */
export interface Store {
  /** For people: `redis-server 7.0.15`. */
  readonly name: string;
  readonly pid: number;
  /** Of its unix socket. */
  readonly path: string;
  /** Resolves when it ends. */
  readonly exited: Promise<number>;
}

/** How a store is started. */
interface Program {
  readonly name: string;
  readonly command: readonly string[];
}

function redis(folder: string, path: string): Program | undefined {
  const program = Bun.which("redis-server") ?? Bun.which("valkey-server");
  if (program === null) return undefined;
  const version = /v=([\d.]+)/.exec(runTool(program, "--version"))?.[1] ?? "";
  const settings = {
    port: "0",
    unixsocket: path,
    unixsocketperm: "700",
    save: "",
    appendonly: "no",
    daemonize: "no",
    dir: folder,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const [name = ""] = program.split("/").slice(-1);
  return { name: `${name} ${version}`.trim(), command: [program, ...options] };
}

function ownStore(path: string, capacityBytes: number): Program {
  return {
    name: "the demo's own store (there is no redis-server here)",
    command: [
      process.execPath,
      `${import.meta.dir}/own_store.ts`,
      path,
      String(capacityBytes),
    ],
  };
}

/** Which store is wanted, and how much it is to hold. */
export interface StoreChoice {
  /** The demo's own even where there is Redis. */
  readonly own: boolean;
  readonly capacityBytes: number;
}

/**
 * Starts a store on a socket in `folder` and waits until it answers.
 * @throws {SetupError} when it does not.
 */
export async function startStore(
  choice: StoreChoice,
  folder: string,
  caretaker: Caretaker,
  signal: AbortSignal,
): Promise<Store> {
  const path = `${folder}/store.sock`;
  const log = `${folder}/store.log`;
  const program = (choice.own ? undefined : redis(folder, path)) ??
    ownStore(path, choice.capacityBytes);
  const child = Bun.spawn([...program.command], {
    stdio: ["ignore", Bun.file(log), Bun.file(log)],
    cwd: folder,
    detached: true,
  });
  caretaker.entrustProcess(child.pid);
  const end = performance.now() + START_MS;
  let client = await connectIfThere(path);
  while (client === undefined) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > end) {
      throw new SetupError(`${program.name} does not start: ${lastLine(log)}`);
    }
    await Bun.sleep(POLL_MS);
    client = await connectIfThere(path);
  }
  await client.call("PING");
  client.close();
  return { name: program.name, pid: child.pid, path, exited: child.exited };
}

/** @returns undefined when nobody listens on the socket yet. */
async function connectIfThere(path: string): Promise<RespClient | undefined> {
  try {
    return await RespClient.connect(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ECONNREFUSED") return undefined;
    throw error;
  }
}

function lastLine(file: string): string {
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  return lines.at(-1) || "it said nothing";
}

/** Stores the first version of keys 0 to `keys` - 1. @throws {Error} when the store refuses one. */
export async function fill(client: RespClient, keys: number, signal: AbortSignal): Promise<void> {
  for (let from = 0; from < keys; from += BATCH) {
    signal.throwIfAborted();
    const numbers = batch(from, keys);
    const replies = await client.pipeline(
      numbers.map((number) => ["SET", keyName(number), storedValue(number, 0)]),
    );
    const refused = replies.find((reply) => reply !== "OK");
    if (refused !== undefined) {
      throw new Error(`the store did not take a value: ${String(refused)}`);
    }
  }
}

/**
 * Lets a store that was filled come to rest: Redis moves its keys to a larger table bit by bit,
 * with each request one of at most as many buckets as there are keys, and uses memory for it.
 * @throws {Error} when the store is gone.
 */
export async function settle(client: RespClient, keys: number, signal: AbortSignal): Promise<void> {
  for (let from = 0; from < keys; from += BATCH) {
    signal.throwIfAborted();
    await client.pipeline(batch(from, keys).map(() => ["GET", NO_KEY]));
  }
}

/**
 * Reads all values and compares them with what was stored last.
 * @param versionOf how often the value of a key was replaced.
 * @returns how many are wrong, or missing.
 */
export async function countWrong(
  client: RespClient,
  keys: number,
  versionOf: (number: number) => number,
  signal: AbortSignal,
): Promise<number> {
  let wrong = 0;
  for (let from = 0; from < keys; from += BATCH) {
    signal.throwIfAborted();
    const numbers = batch(from, keys);
    const replies = await client.pipeline(numbers.map((number) => ["GET", keyName(number)]));
    for (const [i, number] of numbers.entries()) {
      const reply = replies[i];
      if (reply instanceof RespError) throw reply;
      const isRight = reply instanceof Uint8Array &&
        storedValue(number, versionOf(number)).equals(reply);
      if (!isRight) wrong++;
    }
  }
  return wrong;
}

function batch(from: number, keys: number): number[] {
  return Array.from({ length: Math.min(BATCH, keys - from) }, (_, i) => from + i);
}
