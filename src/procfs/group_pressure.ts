import { errorCode } from "../../ffi/errno.ts";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { ProcfsError, readText } from "./read_file.ts";

/** For how long at least one task of a group waited, in percent of the time. */
export interface PressureAverages {
  /** Over the last 10 s. */
  readonly avg10: number;
  /** Over the last 60 s. */
  readonly avg60: number;
}

/** The first line of a file of pressure stall information (Documentation/accounting/psi.rst). */
const SOME = /^some avg10=([0-9.]+) avg60=([0-9.]+) /;

/** @param file for messages. @throws {ProcfsError} */
function parsePressure(text: string, file: string): PressureAverages {
  const [, avg10, avg60] = SOME.exec(text) ?? [];
  if (avg10 === undefined || avg60 === undefined) {
    throw new ProcfsError(file, 1, "some avg10, avg60", text.slice(0, 40));
  }
  return { avg10: Number(avg10), avg60: Number(avg60) };
}

/**
 * Reads a pressure file of a group.
 * @returns undefined when the kernel keeps none: there is no such file, or PSI is off.
 * @throws {ProcfsError | SystemCallError}
 */
export function readPressure(path: string): PressureAverages | undefined {
  try {
    const text = readText(AT_FDCWD, path);
    return text === undefined ? undefined : parsePressure(text, path);
  } catch (error) {
    if (errorCode(error) === "ENOTSUP") return undefined;
    throw error;
  }
}
