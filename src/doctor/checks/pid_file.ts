import { readPidFile } from "../../daemon/pid_file.ts";
import type { Report } from "../finding.ts";
import type { Patient } from "../patient.ts";

/** Whether the pid file is that of a server that lives. */
export function checkPidFile({ pidFile, running }: Patient, report: Report): void {
  const file = readPidFile(pidFile);
  if (file === undefined || file.isServer) return;
  const { pid } = file;
  report.add({
    weight: running.length === 0 ? "hinders" : "note",
    about: "pid file",
    found: pid === undefined
      ? `"${pidFile}" holds no pid`
      : `"${pidFile}" names process ${pid}, which is no etmemd`,
    meaning: "A server that was started with -m was killed before it could remove the file. The " +
      "next one replaces it. Until then, a script that ends the server by it may end another " +
      "process.",
    remedy: "Remove the file, or start the server again. Its log may say why it ended.",
    commands: [`rm ${pidFile}`, "journalctl -t etmemd -n 50"],
  });
}
