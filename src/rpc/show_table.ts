/** A project for the table of `project show`; engines and tasks newest first. */
export interface ShownProject {
  readonly name: string;
  /** It is started and moves nothing. */
  readonly isDryRun?: boolean;
  readonly engines: readonly {
    readonly name: string;
    readonly tasks: Iterable<{
      readonly type: "pid" | "name" | "cgroup";
      readonly value: string;
      readonly name: string;
      readonly started: boolean;
    }>;
  }[];
}

const WIDTHS = [8, 8, 16, 16, 16, 8] as const;
const HEADER = formatRow(["number", "type", "value", "name", "engine", "started"]);

/**
 * The text of `project show` row by row, byte for byte as the original prints it; projects newest
 * first. A line behind the table of a project says that it is a dry run.
 */
export function* formatShowTable(projects: readonly ShownProject[]): Generator<string> {
  if (projects.length === 0) yield "no project exists\n\n";
  for (const { name, isDryRun, engines } of projects) {
    yield `project: ${name}\n${HEADER}`;
    for (const engine of engines) {
      let number = 0;
      for (const task of engine.tasks) {
        number++;
        yield formatRow([
          String(number),
          task.type,
          task.value,
          task.name,
          engine.name,
          String(task.started),
        ]);
      }
    }
    if (isDryRun === true) yield `dry run: nothing of project ${name} is moved\n`;
  }
}

/** printf's `%-8s %-8s %-16s %-16s %-16s %-8s`: it counts bytes. */
function formatRow(cells: readonly string[]): string {
  const padded = cells.map((cell, column) =>
    cell + " ".repeat(Math.max(0, (WIDTHS[column] ?? 0) - Buffer.byteLength(cell)))
  );
  return `${padded.join(" ")}\n`;
}
