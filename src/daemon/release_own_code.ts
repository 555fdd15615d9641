import { readFileSync, readlinkSync } from "node:fs";
import { releaseText } from "../../ffi/own_mappings.ts";

/** By this time a server has done all that only a start needs. */
const SETTLED_MS = 2_000;
/** What threads needed that have ended, and what is seldom needed, is given back so often. */
const AGAIN_MS = 60_000;

/**
 * Mappings of a file that are executed and not written to, in the form of proc_pid_maps(5).
 * @internal
 */
export function codeMappings(
  maps: string,
  file: string,
): { readonly start: number; readonly end: number }[] {
  return maps.split("\n").flatMap((line) => {
    const [, start, end, path] = /^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ \S+ +(.*)$/.exec(line) ??
      [];
    return path === file ? [{ start: Number(`0x${start}`), end: Number(`0x${end}`) }] : [];
  });
}

/**
 * Once the server has settled, and then every minute, gives back what it mapped of its own
 * executable: two thirds of its resident memory are code of the runtime that only a start needs.
 * What is needed still comes back by itself, from the page cache.
 */
export function releaseOwnCodeOnceSettled(): void {
  const release = (): void => {
    const file = readlinkSync("/proc/self/exe");
    for (const { start, end } of codeMappings(readFileSync("/proc/self/maps", "latin1"), file)) {
      releaseText(start, end);
    }
  };
  setTimeout(() => {
    release();
    setInterval(release, AGAIN_MS).unref();
  }, SETTLED_MS).unref();
}
