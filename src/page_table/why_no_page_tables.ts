import { SystemCallError } from "../../ffi/errno.ts";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { missingCapabilities } from "../procfs/capabilities.ts";
import { readText } from "../procfs/read_file.ts";
import { openReader } from "./open_reader.ts";
import { PageTablesMissing } from "./page_tables_missing.ts";
import { selfTest } from "./self_test.ts";
import { because, type Reason } from "../reason/reasons.ts";

const LOCKDOWN = "/sys/kernel/security/lockdown";
const RIGHTS = [["CAP_BPF", "CAP_SYS_ADMIN"], ["CAP_PERFMON", "CAP_SYS_ADMIN"]] as const;

/** What a try has found out. */
export interface PageTableTry {
  /** Absent when nothing is missing. */
  readonly why?: Reason | undefined;
  /** False when it may be otherwise at another time. */
  readonly isFinal: boolean;
}

/** What the last try of this process has found out, as far as this thread knows. */
let known: PageTableTry | undefined;

/**
 * Why page tables cannot be read here. The first call loads a program and tests it on pages of this
 * process, which takes some 20 ms, or 100 ms more before Linux 5.17; nothing stays loaded.
 * @returns undefined when they can.
 */
export function whyNoPageTables(): Reason | undefined {
  if (known?.isFinal === true) return known.why;
  const right = missingRight();
  if (right !== undefined) return right;
  const { why } = known ?? tryPageTables();
  return why;
}

/** Whether whyNoPageTables() would have to try it. */
export function areUntried(): boolean {
  return known?.isFinal !== true && missingRight() === undefined;
}

/** Takes over what another thread has found out. */
export function noteTry(result: PageTableTry): void {
  known = result;
}

function missingRight(): Reason | undefined {
  if (readText(AT_FDCWD, LOCKDOWN)?.includes("[confidentiality]") === true) {
    return because("lockdown");
  }
  return missingCapabilities(RIGHTS);
}

/** Tries to read page tables of this process. */
export function tryPageTables(): PageTableTry {
  const result = tryOut();
  if (result.isFinal) known = result;
  return result;
}

function tryOut(): PageTableTry {
  try {
    using reader = openReader();
    const wrong = selfTest(reader);
    const why = wrong === undefined ? undefined : because("page_tables_misread", wrong);
    return { why, isFinal: true };
  } catch (error) {
    if (error instanceof PageTablesMissing) return { why: error.reason, isFinal: true };
    if (error instanceof SystemCallError) return { why: describe(error), isFinal: false };
    throw error;
  }
}

function describe({ code, syscall, message }: SystemCallError): Reason {
  if (!syscall.startsWith("bpf(")) return because("failed", message);
  if (code === "ENOSYS") return because("no_bpf");
  if (code === "EPERM") return because("bpf_denied", message);
  return because("failed", message);
}
