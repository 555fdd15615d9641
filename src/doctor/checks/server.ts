import { existsSync } from "node:fs";
import type { Finding, Report } from "../finding.ts";
import type { Patient, RunningServer } from "../patient.ts";
import { etmemCommand } from "../../text/etmem_command.ts";
import { shellWord } from "../../text/shell_word.ts";

const UNIT = "/usr/lib/systemd/system/etmemd.service";
const ABOUT = "server";

/** Whether a server runs, and answers. */
export function checkServer(patient: Patient, report: Report): void {
  const { asked, socket, isRoot } = patient;
  for (const server of patient.running) {
    if (server.isElsewhere === true) report.add(elsewhere(server));
  }
  const running = patient.running.filter(({ isElsewhere }) => isElsewhere !== true);
  if (asked.length === 0) {
    report.add(running.length === 0 ? notRunning(socket) : unnamed(running));
  }
  for (const { socket: name, answer } of asked) {
    // One that is not root's is refused whatever the server does.
    if (!isRoot || !("problem" in answer)) continue;
    const others = running.flatMap((one) => one.socket === undefined ? [] : [one.socket]);
    const server = running.find((one) => one.socket === name);
    if (running.length === 0) report.add(notRunning(name));
    else if (server !== undefined) report.add(silent(answer.problem, server));
    else report.add(otherName(name, answer.problem, others));
  }
}

function notRunning(socket = "etmemd_socket"): Finding {
  const start = `etmemd -s ${shellWord(socket)} -m`;
  return {
    weight: "hinders",
    about: ABOUT,
    found: "no etmemd runs here",
    meaning: "Without a server nothing moves.",
    remedy: "Start the service, or a server of your own.",
    commands: existsSync(UNIT) ? ["systemctl enable --now etmemd"] : [start],
  };
}

function unnamed(running: readonly RunningServer[]): Finding {
  const pids = running.map(({ pid }) => pid).join(", ");
  return {
    weight: "note",
    about: ABOUT,
    found: `etmemd runs as process ${pids}, and its command line does not tell its name`,
    meaning: "Without the name of its socket it cannot be asked.",
    remedy: "Name it with -s.",
    commands: ["grep @ /proc/net/unix", "etmem doctor -s NAME"],
  };
}

function elsewhere({ pid, socket }: RunningServer): Finding {
  const name = socket === undefined ? "NAME" : shellWord(socket);
  return {
    weight: "note",
    about: ABOUT,
    found: `process ${pid} is an etmemd with another network namespace, as in a container`,
    meaning: "A name of a server belongs to a network namespace: from here it is not reached.",
    remedy: "Ask it from there.",
    commands: [`nsenter -n -t ${pid} etmem doctor -s ${name}`],
  };
}

function silent(problem: string, { pid }: RunningServer): Finding {
  return {
    weight: "hinders",
    about: ABOUT,
    found: problem,
    meaning: "The server runs, and gives no status.",
    remedy:
      "Look into its log. If it stays so, end it, and start it again as it was started: the " +
      "service with `systemctl restart etmemd`.",
    commands: ["journalctl -t etmemd -n 50", `kill ${pid}`],
  };
}

function otherName(name: string, problem: string, others: readonly string[]): Finding {
  return {
    weight: "hinders",
    about: ABOUT,
    found: problem,
    meaning: `Servers run here, but none by the name "${name}". A name belongs to a network ` +
      "namespace: from a container with a network of its own, a server outside is not found.",
    remedy: "Use the name that a server was started with.",
    commands: others.map((other) => etmemCommand("doctor", { socket: other })),
  };
}
