import type { Report } from "../finding.ts";
import type { Patient } from "../patient.ts";

const ABOUT = "unit etmemd.service";
const SHOW = ["systemctl", "show", "etmemd.service", "--property"];
const PROPERTIES = ["LoadState", "ActiveState", "Result", "UnitFileState"];

/** What systemd says of the unit, where there is one. */
export function checkUnit({ output, running }: Patient, report: Report): void {
  const text = output([...SHOW, PROPERTIES.join(",")]);
  if (text === undefined) return;
  const property = (name: string): string | undefined =>
    new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1];
  if (property("LoadState") === "masked") {
    report.add({
      weight: running.length === 0 ? "hinders" : "note",
      about: ABOUT,
      found: "it is masked",
      meaning: "systemd may not start the server.",
      remedy: "Unmask it, and start it.",
      commands: ["systemctl unmask etmemd", "systemctl enable --now etmemd"],
    });
  }
  if (property("ActiveState") === "failed") {
    report.add({
      weight: "hinders",
      about: ABOUT,
      found: `it has failed: ${property("Result") ?? "unknown"}`,
      meaning: "The server could not start, or has ended, and systemd has given up on it.",
      remedy: "Mend what its log names, and start it again.",
      commands: ["journalctl -u etmemd -n 50", "systemctl restart etmemd"],
    });
  }
  if (property("ActiveState") === "active" && property("UnitFileState") === "disabled") {
    report.add({
      weight: "note",
      about: ABOUT,
      found: "it runs, and is not enabled",
      meaning: "The server does not start with the machine.",
      remedy: "Enable it.",
      commands: ["systemctl enable etmemd"],
    });
  }
}
