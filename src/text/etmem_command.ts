import { shellWord } from "./shell_word.ts";

/**
 * A command line of the client to be copied.
 * @param command with what stands before -n and -s: `project start`.
 */
export function etmemCommand(
  command: string,
  { project, socket }: { readonly project?: string; readonly socket: string },
): string {
  const name = project === undefined ? "" : ` -n ${shellWord(project)}`;
  return `etmem ${command}${name} -s ${shellWord(socket)}`;
}
