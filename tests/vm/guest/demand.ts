let demands = 0;

/** @throws {Error} `fault`, when something that must hold does not. */
export function demand(holds: boolean, fault: string): asserts holds {
  demands += 1;
  if (!holds) throw new Error(fault);
}

/** @throws {Error} that lists all faults, when there are any. */
export function demandNone(faults: readonly string[]): void {
  demands += 1;
  if (faults.length > 0) throw new Error(faults.join("; "));
}

/** How often something was demanded: a scenario that demands nothing shows nothing. */
export function demandsMade(): number {
  return demands;
}

/** Writes figures into the console log, for people who ask why. */
export function note(figures: Readonly<Record<string, unknown>>): void {
  console.log(`note ${JSON.stringify(figures)}`);
}
