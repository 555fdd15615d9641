import { readStatus } from "./read_status.ts";

/**
 * What a restart of the server would lose.
 * @param document the text of a ServerStatus.
 * @returns a line that names the started projects which are not persistent;
 * undefined when there is none.
 * @throws {SyntaxError} as readStatus().
 */
export function restartLoss(document: string): string | undefined {
  const lost = readStatus(document, ({ projects }) =>
    projects
      .filter(({ started, persistent }) => started && !persistent)
      .map(({ name }) => `"${name}"`));
  if (lost.length === 0) return undefined;
  const verb = lost.length === 1 ? "it is" : "they are";
  return `etmem: Cannot restart the server without losing ${lost.join(", ")}: ` +
    `${verb} started and not persistent`;
}
