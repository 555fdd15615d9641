import { readdir, realpath, stat } from "node:fs/promises";
import { ConfigError } from "../config/config_error.ts";
import { type ConfListing, fileVersion, listConfFolder } from "./conf_dir/conf_listing.ts";
import { readConfigFile } from "./read_config_file.ts";

/** What the server wants of a file whose file system may never answer. */
export interface FileRequest {
  readonly want: keyof FileAnswers;
  readonly path: string;
}

/** What is answered to each request. */
export interface FileAnswers {
  /** The bytes of a configuration file. */
  readonly bytes: Uint8Array;
  /** Whether there is something. */
  readonly presence: boolean;
  /** The names of the regular files in a folder; none where it cannot be read. */
  readonly plainFiles: readonly string[];
  /** The path without links; "" where there is nothing. */
  readonly realPath: string;
  /** What a folder of --conf-dir holds; what is wrong with the folder is the problem. */
  readonly listing: ConfListing;
  /** A text that changes with what is at the path, behind links. */
  readonly version: string;
}

/** Does a request with this process's own threads for files. @throws {ConfigError} */
export async function lookAtFile<Want extends keyof FileAnswers>(
  want: Want,
  path: string,
): Promise<FileAnswers[Want]> {
  return await LOOKS[want](path);
}

const LOOKS: {
  readonly [Want in keyof FileAnswers]: (path: string) => Promise<FileAnswers[Want]>;
} = {
  bytes: readConfigFile,
  presence: (path) => stat(path).then(() => true, () => false),
  plainFiles: namesOfPlainFiles,
  realPath: (path) => realpath(path).catch(() => ""),
  listing: listConfFolder,
  version: fileVersion,
};

async function namesOfPlainFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** An answer on its way from another process. */
type FileReply =
  | { readonly answer: boolean | string | readonly string[] | ConfListing }
  | { readonly problem: string };

/** Does a request. @returns the reply as JSON; bytes are in base64. */
export async function replyToFileRequest({ want, path }: FileRequest): Promise<string> {
  let reply: FileReply;
  try {
    const answer = await lookAtFile(want, path);
    reply = {
      answer: answer instanceof Uint8Array ? Buffer.from(answer).toString("base64") : answer,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    reply = { problem: error.problem };
  }
  return JSON.stringify(reply);
}

/** @throws {ConfigError} the one that replyToFileRequest() met. @throws {SyntaxError} */
export function parseFileReply<Want extends keyof FileAnswers>(
  want: Want,
  path: string,
  text: string,
): FileAnswers[Want] {
  const reply = JSON.parse(text) as FileReply;
  if ("problem" in reply) throw new ConfigError(path, reply.problem);
  const { answer } = reply;
  const value = want === "bytes" && typeof answer === "string"
    ? Uint8Array.from(Buffer.from(answer, "base64"))
    : answer;
  return value as FileAnswers[Want];
}
