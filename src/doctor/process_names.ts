import { readdirSync } from "node:fs";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { errorCode } from "../../ffi/errno.ts";
import { readRecord } from "../procfs/read_file.ts";
import { nearestWord } from "../text/nearest_word.ts";

/**
 * The name of a running process that is nearest to one that no process has.
 * @param name as status shows it. @returns undefined when none is near.
 */
export function nearestProcessName(name: string, proc: string): string | undefined {
  const names = new Set<string>();
  for (const entry of readdirSync(proc)) {
    if (!/^\d+$/.test(entry)) continue;
    const comm = nameOf(`${proc}/${entry}`);
    if (comm !== undefined) names.add(comm);
  }
  const known = [...names];
  // Programs lengthen their names, and the kernel cuts them.
  return known.find((one) => one.startsWith(name) || name.startsWith(one)) ??
    nearestWord(name, known);
}

/** @returns undefined when the process is gone, or hidden. */
function nameOf(folder: string): string | undefined {
  try {
    const bytes = readRecord(AT_FDCWD, `${folder}/comm`)?.trimEnd();
    // It is read each byte one character.
    return bytes === undefined || bytes === ""
      ? undefined
      : Buffer.from(bytes, "latin1").toString();
  } catch (error) {
    if (errorCode(error) === "EACCES") return undefined;
    throw error;
  }
}
