import type { Diagnosis } from "../doctor/examine.ts";
import type { Finding } from "../doctor/finding.ts";
import { field } from "./layout.ts";

/** The JSON document of `etmem doctor --json`, described in docs/troubleshooting.md. */
interface DiagnosisDocument {
  /** Of this document; raised when a field changes its meaning. */
  version: 1;
  /** How many of the findings hinder. */
  hinders: number;
  findings: readonly Finding[];
  /** What could not be looked at, and why. */
  not_seen: readonly string[];
}

/** What `etmem doctor --json` prints. */
export function diagnosisDocument({ findings, unseen }: Diagnosis): DiagnosisDocument {
  const hinders = findings.filter(({ weight }) => weight === "hinders").length;
  return { version: 1, hinders, findings, not_seen: unseen };
}

/** What `etmem doctor` prints, readable at 100 columns. */
export function formatDiagnosis({ findings, unseen }: Diagnosis): string {
  return [
    findings.some(({ weight }) => weight === "hinders") ? "" : "nothing hinders etmem here\n",
    ...findings.map(formatFinding),
    unseen.map((what) => field("", "not seen", [what])).join(""),
  ].filter((part) => part !== "").join("\n");
}

function formatFinding({ weight, about, found, meaning, remedy, commands }: Finding): string {
  return [
    field("", weight, [`${about}: ${found}`]),
    field("", "", [meaning]),
    field("", "", [remedy]),
    // A command is left on one line, to be copied.
    ...commands.map((command) => `              ${command.replaceAll(/\p{Cc}+/gu, " ")}\n`),
  ].join("");
}
