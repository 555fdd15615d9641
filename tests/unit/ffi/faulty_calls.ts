import { readdirSync } from "node:fs";
import { SystemCallError } from "../../../ffi/errno.ts";
import { armFault } from "../../tools/fixtures/armed_fault.ts";
import { ERRNOS, WRAPPER_FAULTS, type WrapperFaults } from "./wrapper_faults.ts";

// Runs under fault_injector.c: has each wrapper's system call fail with each errno, twice in a row,
// and prints what the wrapper did, a line a case: WRAPPER ERRNO OUTCOME.

const TIMES = 2;

function outcomeOf({ number, prepare }: WrapperFaults, errno: number): string {
  const { call, end } = prepare();
  let outcome = "returned";
  let left = TIMES;
  armFault({ number, errno, times: TIMES });
  try {
    call();
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    outcome = `threw ${error.code}`;
  } finally {
    // What is left of the faults is not for others.
    left = armFault({ number, errno, times: 0 });
    end();
  }
  return `${outcome} after ${TIMES - left}`;
}

/** Descriptors that are open now. */
function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

const lines: string[] = [];
for (const faults of WRAPPER_FAULTS) {
  for (const [name, errno] of Object.entries(ERRNOS)) {
    const before = descriptors();
    const outcome = outcomeOf(faults, errno);
    const left = descriptors() - before;
    const leak = left === 0 ? "" : `, and left ${left} descriptors`;
    lines.push(`${faults.wrapper} ${name} ${outcome}${leak}`);
  }
}
console.log(lines.join("\n"));
