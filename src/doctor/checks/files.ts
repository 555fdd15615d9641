import { cpus } from "node:os";
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { compileConfig, type CompiledConfig } from "../../config/compile.ts";
import { ConfigError } from "../../config/config_error.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { listConfFiles } from "../../daemon/conf_dir/conf_listing.ts";
import { readConfigFile } from "../../daemon/read_config_file.ts";
import { MOVERS } from "../../mover/movers.ts";
import { messageOf } from "../../text/message_of.ts";
import { TRACKERS } from "../../tracker/trackers.ts";
import type { RefusedFile } from "../../status/server_status.ts";
import type { Finding, Report } from "../finding.ts";
import { answersOf, type Patient } from "../patient.ts";
import { checkTargets } from "./targets.ts";
import { shellWord } from "../../text/shell_word.ts";

const NAMES = {
  trackers: TRACKERS.map(({ name }) => name),
  movers: MOVERS.map(({ name }) => name),
};

/** Whether the files of the folders of the servers, and the one that was named, would be taken. */
export async function checkFiles(patient: Patient, report: Report): Promise<void> {
  if (!patient.isRoot) return;
  const projects = new Map<string, ProjectDescription>();
  const refused = new Set<string>();
  for (const path of await filesOf(patient, report)) {
    const config = await compile(path, projects, report);
    if (config === undefined) {
      refused.add(path);
      continue;
    }
    for (const project of config.projects) projects.set(project.name, project);
    // A server that runs says itself what became of its tasks.
    if (answersOf(patient).length === 0) checkTargets(config, projects, patient, report);
  }
  for (const { socket, status } of answersOf(patient)) {
    const server = patient.running.find((one) => one.socket === socket);
    const pid = server?.pid ?? status.server.pid;
    for (const one of status.conf_dir?.refused ?? []) {
      if (!refused.has(one.file)) report.add(refusedByServer(one, pid));
    }
  }
}

/** What is right by itself, but not next to other files, or for an engine. */
function refusedByServer(
  { file, problem, earlier_version_counts }: RefusedFile,
  pid: number,
): Finding {
  return {
    weight: "hinders",
    about: `file ${file}`,
    found: `the server does not take it: ${problem}`,
    meaning: earlier_version_counts
      ? "It goes by what the file said before; after a restart that is gone."
      : "Nothing of the file is there.",
    remedy: "Mend what the message names; the server sees a file that changes. After something " +
      "else, have it look again.",
    // As `systemctl reload` does, which knows no server that was started by hand.
    commands: [`kill -HUP ${pid}`],
  };
}

async function filesOf(patient: Patient, report: Report): Promise<string[]> {
  const ofServers = foldersOf(patient);
  const folders = new Set(ofServers.length > 0 ? ofServers : [patient.confDir]);
  const files = new Set<string>();
  for (const folder of folders) {
    if (ofServers.length === 0 && !existsSync(folder)) continue;
    try {
      for (const file of await listConfFiles(folder)) files.add(file);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      report.add(unreadableFolder(folder, error));
    }
  }
  if (patient.file !== undefined) files.add(patient.file);
  return [...files];
}

/** A server says itself where a relative folder is: its command line alone does not. */
function foldersOf(patient: Patient): string[] {
  const answers = answersOf(patient);
  return patient.running.flatMap(({ socket, confDir, isElsewhere }) => {
    if (confDir === undefined || isAbsolute(confDir)) return confDir ?? [];
    if (isElsewhere === true) return [];
    return answers.find((answer) => answer.socket === socket)?.status.conf_dir?.path ?? [];
  });
}

function unreadableFolder(folder: string, error: Error): Finding {
  return {
    weight: "hinders",
    about: `folder ${folder}`,
    found: messageOf(error),
    meaning: "A server does not start with such a folder: others could put files into it.",
    remedy: "Give it to root alone.",
    commands: [`chown root:root ${shellWord(folder)}`, `chmod 755 ${shellWord(folder)}`],
  };
}

/** @returns undefined when the file is refused. */
async function compile(
  path: string,
  projects: ReadonlyMap<string, ProjectDescription>,
  report: Report,
): Promise<CompiledConfig | undefined> {
  try {
    const config = compileConfig(await readConfigFile(path), {
      path,
      cores: cpus().length,
      names: NAMES,
      project: (name) => projects.get(name),
    });
    for (const warning of config.warnings) report.add(oddity(path, warning));
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    report.add(refusal(path, error));
    return undefined;
  }
}

function oddity(path: string, warning: string): Finding {
  return {
    weight: "note",
    about: `file ${path}`,
    found: warning,
    meaning: "The file is taken all the same.",
    remedy: "Change it if it is not meant so.",
    commands: [],
  };
}

function refusal(path: string, error: ConfigError): Finding {
  const found = messageOf(error);
  const mends = /\((chmod 600|chown root:root)\)/.exec(found)?.[1];
  return {
    weight: "hinders",
    about: `file ${path}`,
    found,
    meaning: "A server takes a file as a whole or not at all. A running one goes by what a file " +
      "of its --conf-dir said before; after a restart nothing of the file is there.",
    remedy: mends === undefined
      ? "Mend what the message names: a server sees that in its --conf-dir, another file is to be " +
        "added anew. etmem.conf(5) explains all keys."
      : "Give the file to root alone: a server sees that in its --conf-dir, another file is to be " +
        "added anew.",
    commands: mends === undefined ? ["man etmem.conf"] : [`${mends} ${shellWord(path)}`],
  };
}
