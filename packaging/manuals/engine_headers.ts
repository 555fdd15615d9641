import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHeader } from "./c_header.ts";

const INCLUDE = join(import.meta.dir, "../../scan_lib/include");

function header(name: string): CHeader {
  return new CHeader(name, readFileSync(join(INCLUDE, name), "utf8"));
}

/** The headers for engine authors. */
export const ENGINE_HEADERS = {
  engine: header("etmemd_engine_exp.h"),
  project: header("etmemd_project_exp.h"),
  task: header("etmemd_task_exp.h"),
  pages: header("etmemd_exp.h"),
  scan: header("etmemd_scan_exp.h"),
} as const;

/** The structs by name, each with the header that declares it. */
export const ENGINE_STRUCTS: Readonly<Record<string, CHeader>> = {
  engine: ENGINE_HEADERS.engine,
  task: ENGINE_HEADERS.task,
  task_pid: ENGINE_HEADERS.task,
  project: ENGINE_HEADERS.project,
  page_scan: ENGINE_HEADERS.project,
  vma: ENGINE_HEADERS.scan,
  vmas: ENGINE_HEADERS.scan,
  page_refs: ENGINE_HEADERS.pages,
};
