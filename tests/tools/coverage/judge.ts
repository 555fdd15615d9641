import type { CoveredFile } from "./covered_lines.ts";
import type { Exception } from "./exceptions.ts";

/** Least share of the lines of a file that are to be executed without an exception. */
const LEAST_PERCENT = 90;

/** The share of the lines of a file that were executed; of a file without any, all. */
export function percentOf({ lines, covered }: Pick<CoveredFile, "lines" | "covered">): number {
  return lines === 0 ? 100 : (100 * covered) / lines;
}

/**
 * What is wrong between the report and the exceptions, one line each.
 * @param exists whether there is such a file.
 */
export function judge(
  files: readonly CoveredFile[],
  exceptions: Readonly<Record<string, Exception>>,
  exists: (file: string) => boolean,
): string[] {
  const low = files.filter((file) => percentOf(file) < LEAST_PERCENT);
  const names = new Set(low.map(({ file }) => file));
  return [
    ...low.filter(({ file }) => exceptions[file] === undefined).map((file) =>
      `${file.file} has ${percentOf(file).toFixed(1)} % and no exception`
    ),
    ...Object.keys(exceptions).filter((file) => !names.has(file)).map((file) =>
      `the exception of ${file} is stale: it has ${LEAST_PERCENT} % or is not there`
    ),
    ...Object.entries(exceptions).filter(([, { shownBy }]) => !exists(shownBy)).map(
      ([file, { shownBy }]) => `the exception of ${file} names ${shownBy}, which is not there`,
    ),
  ];
}
