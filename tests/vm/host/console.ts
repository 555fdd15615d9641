/** What became of one scenario. */
export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  /** Why not, or what it took. */
  readonly detail: string;
}

const LINE = /^(ok|not ok) ([a-z0-9_]+)(?:: | \(|$)(.*?)\)?$/;

/** The outcome that a line of the VM's console tells; undefined for any other line. */
export function outcomeOf(line: string): Outcome | undefined {
  const [, verdict, name = "", detail = ""] = LINE.exec(line.trimEnd()) ?? [];
  return verdict === undefined ? undefined : { name, passed: verdict === "ok", detail };
}

/**
 * One outcome for each scenario that was to run. A scenario has passed when it says so once and
 * nothing else is said of it; silence is a failure, with `silence` as the reason.
 */
export function settle(
  names: readonly string[],
  said: readonly Outcome[],
  silence: string,
): Outcome[] {
  return names.map((name) => {
    const own = said.filter((outcome) => outcome.name === name);
    const [first] = own;
    if (first === undefined) return { name, passed: false, detail: silence };
    const failure = own.find((outcome) => !outcome.passed);
    if (failure !== undefined) return failure;
    return own.length === 1 ? first : { name, passed: false, detail: "said to have passed twice" };
  });
}
