import { SystemCallError } from "../../ffi/errno.ts";
import { syscall } from "../../ffi/libc.ts";
import { readdirSync } from "node:fs";
import { ERRNOS, WRAPPER_FAULTS, type WrapperFaults } from "./wrapper_faults.ts";

// Runs under fault_injector.c: has each wrapper's system call fail with each errno, twice in a row, and prints what
// the wrapper did, a line a case: WRAPPER ERRNO OUTCOME.

/** The system call number by which the injector is told what shall happen to this thread's next calls. */
const ARM_FAULT = 100_000;
const TIMES = 2;

/** @returns how many of the faults that were asked for before have not happened. */
function arm(number: number, errno: number, times: number): number {
  return syscall("fault_injector", ARM_FAULT, number, errno, times);
}

function outcomeOf(
  { number, prepare }: WrapperFaults,
  errno: number,
  times: number,
): string {
  const callNumber = number[process.arch === "arm64" ? "arm64" : "x64"];
  const { call, end } = prepare();
  let outcome = "returned";
  let left = times;
  arm(callNumber, errno, times);
  try {
    call();
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    outcome = `threw ${error.code}`;
  } finally {
    // What is left of the faults is not for others.
    left = arm(callNumber, errno, 0);
    end();
  }
  return `${outcome} after ${times - left}`;
}

/** Descriptors that are open now. */
function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

const lines: string[] = [];
for (const faults of WRAPPER_FAULTS) {
  for (const [name, errno] of Object.entries(ERRNOS)) {
    const before = descriptors();
    const outcome = outcomeOf(faults, errno, TIMES);
    // A close(2) that did not take place left one; nothing else may.
    const left = descriptors() - before;
    const leak = left === 0 ? "" : `, and left ${left} descriptors`;
    lines.push(`${faults.wrapper} ${name} ${outcome}${leak}`);
  }
}
console.log(lines.join("\n"));
