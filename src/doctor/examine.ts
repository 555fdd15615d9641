import { messageOf } from "../text/message_of.ts";
import { CHECKS } from "./checks.ts";
import type { Finding } from "./finding.ts";
import type { Patient } from "./patient.ts";

/** What the doctor has found. */
export interface Diagnosis {
  /** What hinders first. */
  readonly findings: readonly Finding[];
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
}

/** Looks at everything. What cannot be looked at is said, and keeps nothing else unseen. */
export async function examine(patient: Patient): Promise<Diagnosis> {
  const findings: Finding[] = [];
  const unseen: string[] = [];
  const report = {
    add: (finding: Finding) => void findings.push(finding),
    unseen: (what: string) => void unseen.push(what),
  };
  for (const { name, look } of CHECKS) {
    try {
      await look(patient, report);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      unseen.push(`${name}: ${messageOf(error)}`);
    }
  }
  const hinders = findings.filter(({ weight }) => weight === "hinders");
  const notes = findings.filter(({ weight }) => weight === "note");
  return { findings: [...hinders, ...notes], unseen };
}
