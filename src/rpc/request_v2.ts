import { Refusal } from "./refusal.ts";
import type { Request } from "./request.ts";
import { COMMANDS_V1 } from "./request_v1.ts";

/** The `version` of every line, in both directions. */
export const PROTOCOL_VERSION = 2;

/** The largest rate at which memory comes back. */
export const MOST_RATE_MIB = 100_000;

/** The first byte of a v2 request: `{`. */
export const FIRST_BYTE_V2 = 0x7b;

const COMMANDS = [
  ...COMMANDS_V1,
  "project_restore",
  "status",
  "histogram",
  "advise",
] as const satisfies readonly Request["command"][];

/** Fields that have another name on the wire. */
const WIRE_NAMES = [
  ["engineCommand", "engine_command"],
  ["dryRun", "dry_run"],
  ["rateMib", "rate_mib"],
  ["keepFreePercent", "keep_free_percent"],
  ["estimateCompression", "estimate_compression"],
  ["stallLimitPercent", "stall_limit_percent"],
  ["endedRounds", "ended_rounds"],
] as const;

/** As the key stall_limit has it. */
const LEAST_STALL_LIMIT = 0.01;
const MOST_STALL_LIMIT = 100;

/** A request as a v2 line, its newline included. */
export function formatRequestV2(request: Request): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(toWire(request))}\n`);
}

function toWire(request: Request): object {
  const wire: Record<string, unknown> = { version: PROTOCOL_VERSION, ...request };
  for (const [name, field] of WIRE_NAMES) {
    if (name in wire) wire[field] = wire[name];
    delete wire[name];
  }
  return wire;
}

/**
 * Reads the line of a v2 request, with or without its newline. Unknown fields are ignored.
 * @throws {Refusal} invalid, naming the field.
 */
export function parseRequestV2(line: Uint8Array): Request {
  const fields = readObject(line);
  checkVersion(fields);
  const command = readCommand(fields);
  switch (command) {
    case "obj_add":
    case "obj_del":
      return { command, file: readFile(fields) };
    case "project_start":
      return {
        command,
        project: readText(fields, "project"),
        ...(readFlag(fields, "dry_run") ? { dryRun: true } : {}),
      };
    case "project_stop":
      return { command, project: readText(fields, "project") };
    case "project_restore":
      return readRestoreRequest(fields);
    case "project_show":
      return { command, ...readOptionalProject(fields) };
    case "status":
      return readStatusRequest(fields);
    case "engine":
      return readEngineRequest(fields);
    case "histogram":
      return readHistogramRequest(fields);
    case "advise":
      return readAdviseRequest(fields);
  }
}

function readStatusRequest(fields: Fields): Request {
  const rounds = readOptionalCount(fields, "rounds");
  const endedRounds = readOptionalCount(fields, "ended_rounds");
  return {
    command: "status",
    ...readOptionalProject(fields),
    ...(rounds === undefined ? {} : { rounds }),
    ...(endedRounds === undefined ? {} : { endedRounds }),
  };
}

function readHistogramRequest(fields: Fields): Request {
  const task = readOptionalText(fields, "task");
  return {
    command: "histogram",
    project: readText(fields, "project"),
    ...(task === undefined ? {} : { task }),
    ...(readFlag(fields, "estimate_compression") ? { estimateCompression: true } : {}),
  };
}

function readAdviseRequest(fields: Fields): Request {
  const project = readText(fields, "project");
  const limit = fields["stall_limit_percent"];
  if (limit === undefined || limit === null) return { command: "advise", project };
  if (typeof limit === "number" && limit >= LEAST_STALL_LIMIT && limit <= MOST_STALL_LIMIT) {
    const isShort = Math.round(limit * 100) / 100 === limit;
    if (isShort) return { command: "advise", project, stallLimitPercent: limit };
  }
  throw new Refusal(
    "invalid",
    `field "stall_limit_percent" is ${show(limit)}, not ${LEAST_STALL_LIMIT} to ` +
      `${MOST_STALL_LIMIT} with at most two decimals`,
  );
}

function readRestoreRequest(fields: Fields): Request {
  const task = readOptionalText(fields, "task");
  const rateMib = readOptionalCount(fields, "rate_mib", 1, MOST_RATE_MIB);
  const keepFreePercent = readOptionalCount(fields, "keep_free_percent", 1, 99);
  return {
    command: "project_restore",
    project: readText(fields, "project"),
    ...(task === undefined ? {} : { task }),
    ...(rateMib === undefined ? {} : { rateMib }),
    ...(keepFreePercent === undefined ? {} : { keepFreePercent }),
  };
}

function readEngineRequest(fields: Fields): Request {
  const task = readOptionalText(fields, "task");
  return {
    command: "engine",
    project: readText(fields, "project"),
    engine: readText(fields, "engine"),
    engineCommand: readText(fields, "engine_command"),
    ...(task === undefined ? {} : { task }),
    json: readFlag(fields, "json"),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function checkVersion({ version }: Fields): void {
  if (version === PROTOCOL_VERSION) return;
  throw new Refusal(
    "invalid",
    version === undefined
      ? `field "version" is missing, ${PROTOCOL_VERSION} is spoken here`
      : `version ${show(version)} is not supported, ${PROTOCOL_VERSION} is spoken here`,
  );
}

function readCommand({ command }: Fields): (typeof COMMANDS)[number] {
  const found = COMMANDS.find((known) => known === command);
  if (found !== undefined) return found;
  throw new Refusal(
    "invalid",
    command === undefined
      ? 'field "command" is missing'
      : `command ${show(command)} is not known, ${COMMANDS.join(", ")} are`,
  );
}

function readObject(line: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
  } catch (cause) {
    throw new Refusal("invalid", "the request is not a line of JSON in UTF-8", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal("invalid", "the request is not a JSON object");
  }
  return { ...value };
}

function readOptionalText(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined || fields[name] === null ? undefined : readText(fields, name);
}

function readOptionalProject(fields: Fields): { project?: string } {
  const project = readOptionalText(fields, "project");
  return project === undefined ? {} : { project };
}

function readOptionalCount(
  fields: Fields,
  name: string,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) {
    return Number(value);
  }
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
  throw new Refusal("invalid", `field "${name}" is ${show(value)}, not an integer ${range}`);
}

function readText(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined) throw new Refusal("invalid", `field "${name}" is missing`);
  if (typeof value !== "string" || value === "") {
    throw new Refusal("invalid", `field "${name}" is ${show(value)}, not a text`);
  }
  if (value.includes("\0") || !value.isWellFormed()) {
    throw new Refusal("invalid", `field "${name}" is ${show(value)}, which no C string can hold`);
  }
  return value;
}

function readFile(fields: Fields): string {
  const file = readText(fields, "file");
  if (!file.startsWith("/")) {
    throw new Refusal("invalid", `field "file" is ${show(file)}, not an absolute path`);
  }
  return file;
}

function readFlag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value === "boolean") return value;
  throw new Refusal("invalid", `field "${name}" is ${show(value)}, not true or false`);
}

/** A value for a message: as JSON, cut where it gets long. */
function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
