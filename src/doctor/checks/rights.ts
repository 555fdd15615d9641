import type { Report } from "../finding.ts";
import type { Patient } from "../patient.ts";
import { shellWord } from "../../text/shell_word.ts";

/** Only root is served, and only root sees everything. */
export function checkRights({ isRoot, socket }: Patient, report: Report): void {
  if (isRoot) return;
  report.add({
    weight: "hinders",
    about: "rights",
    found: "etmem was not started by root",
    meaning: "A server serves only user 0 with group 0, and only root sees all that hinders one.",
    remedy: "Run it as root.",
    commands: [`sudo etmem doctor${socket === undefined ? "" : ` -s ${shellWord(socket)}`}`],
  });
  report.unseen("what a server has done, and why: it answers root alone");
  report.unseen("which trackers and movers a server of root could use");
  report.unseen("configuration files: only root may read them");
}
