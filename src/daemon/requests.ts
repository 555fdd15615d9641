import { log } from "../log/logger.ts";
import type { ProjectView } from "../project/project_view.ts";
import type { Registry } from "../project/registry.ts";
import { Refusal } from "../rpc/refusal.ts";
import { jsonPieces } from "../rpc/json_pieces.ts";
import type { Request } from "../rpc/request.ts";
import { formatShowTable, type ShownProject } from "../rpc/show_table.ts";
import type { HistogramDocument } from "../status/histogram.ts";
import type { ConfDir } from "./conf_dir/conf_dir.ts";
import type { Answer, RequestHandler } from "./timely_answer.ts";
import type { OutCount } from "../engine/engine.ts";
import { formatOut } from "../project/swapped_out.ts";
import { etmemCommand } from "../text/etmem_command.ts";
import { restoreProject } from "./restore_request.ts";
import { addFile, removeFile } from "./object_file.ts";
import type { StatusSource } from "./status_source.ts";

/** What clients ask, done on the registry. Requests that change something are in the log. */
export function createRequestHandler(
  registry: Registry,
  status: StatusSource,
  confDir: ConfDir | undefined,
): RequestHandler {
  return async (request, answer) => {
    const name = describeRequest(request);
    try {
      await handle(request, answer, registry, status, confDir);
      if (name !== undefined) log.info(`${name}: done`);
    } catch (error) {
      if (name !== undefined && error instanceof Refusal) log.warning(`${name}: ${error.message}`);
      throw error;
    }
  };
}

async function handle(
  request: Request,
  answer: Answer,
  registry: Registry,
  status: StatusSource,
  confDir: ConfDir | undefined,
): Promise<void> {
  switch (request.command) {
    case "obj_add":
      return warn(answer, await addConfigFile(request.file, registry, confDir, answer.deadline));
    case "obj_del":
      await removeObjects(request.file, answer, registry);
      return confDir?.recheck();
    case "project_start": {
      const { project, dryRun } = request;
      return warn(answer, await registry.start(project, answer.deadline, dryRun));
    }
    case "project_stop":
      warn(answer, await stopProject(request.project, registry, confDir, answer.deadline));
      return noteOut(answer, await registry.countOut(request.project), wayBack(request, status));
    case "project_restore":
      return restoreProject(request, answer, registry);
    case "project_show":
      return answer.texts(showTable(registry, request.project));
    case "status":
      return answer.document(
        jsonPieces(
          await status.take(registry.view(request.project, request), confDir),
        ),
      );
    case "engine":
      return engineCommand(request, answer, registry);
    case "histogram":
      return answer.document([JSON.stringify(await histogram(request, answer, registry))]);
    case "advise": {
      const { project, stallLimitPercent } = request;
      return answer.document([JSON.stringify(registry.advise(project, stallLimitPercent))]);
    }
  }
}

function showTable(registry: Registry, project: string | undefined): Iterable<string> {
  return formatShowTable(registry.view(project, { rounds: 0 }).map(shownProject));
}

function histogram(
  { project, task, estimateCompression }: Extract<Request, { command: "histogram" }>,
  answer: Answer,
  registry: Registry,
): Promise<HistogramDocument> {
  return registry.histogram(project, task, {
    estimateCompression: estimateCompression ?? false,
    progress: (doneBytes, allBytes) => answer.progress({ doneBytes, allBytes }),
    signal: answer.wanted,
  });
}

/** Adds the objects of a file. One of --conf-dir is remembered. @returns warnings. */
async function addConfigFile(
  file: string,
  registry: Registry,
  confDir: ConfDir | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const confFile = await confDir?.pathOf(file, signal);
  const options = { ...(confFile === undefined ? {} : { confFile }), signal };
  const warnings = await addFile(file, registry, options);
  confDir?.recheck();
  return warnings;
}

async function removeObjects(file: string, answer: Answer, registry: Registry): Promise<void> {
  const { warnings, out } = await removeFile(file, registry, answer.deadline);
  warn(answer, warnings);
  noteOut(answer, out);
}

/** The command that brings back what a project has moved. */
function wayBack({ project }: { readonly project: string }, { socket }: StatusSource): string {
  return etmemCommand("project restore", { project, socket });
}

/** Says what is left in swap. @param command that brings it back; absent: none can any more. */
function noteOut(answer: Answer, out: OutCount, command?: string): void {
  const text = formatOut(out);
  if (text === undefined) return;
  const way = command === undefined
    ? "and comes back as it is used"
    : `and comes back as it is used, or with: ${command}`;
  answer.text(`${text}, ${way}\n`);
}

async function engineCommand(
  { project, engine, engineCommand: command, task, json }: Extract<Request, { command: "engine" }>,
  answer: Answer,
  registry: Registry,
): Promise<void> {
  await registry.command({
    project,
    engine,
    command,
    ...(task === undefined ? {} : { task }),
    json,
    write: (text) => answer.text(text),
    lag: () => answer.lag(),
    signal: answer.wanted,
  });
}

/** Stops a project. One that waits for its start is stopped too: it is not started any more. */
async function stopProject(
  project: string,
  registry: Registry,
  confDir: ConfDir | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const waited = await confDir?.giveUpStart(project);
  try {
    return await registry.stop(project, signal);
  } catch (error) {
    if (waited === undefined || !(error instanceof Refusal)) throw error;
    if (error.kind !== "projectStopped") throw error;
    return waited;
  }
}

function warn(answer: Answer, warnings: readonly string[]): void {
  for (const warning of warnings) answer.text(`warning: ${warning}\n`);
}

/** A request for the log; undefined for one that only reads. */
function describeRequest(request: Request): string | undefined {
  switch (request.command) {
    case "obj_add":
      return `obj add "${request.file}"`;
    case "obj_del":
      return `obj del "${request.file}"`;
    case "project_start":
      return `project start "${request.project}"${request.dryRun ? " as a dry run" : ""}`;
    case "project_stop":
      return `project stop "${request.project}"`;
    case "project_restore":
      return `project restore "${request.project}"`;
    case "engine":
      return `engine ${request.engineCommand} in project "${request.project}"`;
    case "project_show":
    case "status":
    case "histogram":
    case "advise":
      return undefined;
  }
}

function shownProject({ description, isDryRun, engines }: ProjectView): ShownProject {
  return {
    name: description.name,
    isDryRun,
    engines: engines.map(({ description: { name }, tasks }) => ({ name, tasks })),
  };
}
