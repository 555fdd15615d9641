import { writeFileSync } from "node:fs";
import { dieWithParent } from "../../ffi/process_control.ts";
import { Output } from "../cli/output.ts";
import { FILE_PROCESS_NAME } from "./timely_file_access.ts";
import { type FileRequest, replyToFileRequest } from "./file_request.ts";

const STDOUT = 1;

/**
 * The role of a process that looks at one file for the server, and ends with it.
 * @param request in JSON.
 * @returns the exit status.
 */
export async function runFileProcess([request = ""]: readonly string[]): Promise<number> {
  writeFileSync("/proc/self/comm", FILE_PROCESS_NAME);
  dieWithParent();
  new Output(STDOUT).write(await replyToFileRequest(JSON.parse(request) as FileRequest));
  return 0;
}
