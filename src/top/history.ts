import type { TaskRow } from "./task_row.ts";

/** What is added up in a step of a history. */
export interface Step {
  /** Bytes. */
  readonly moved: number;
  readonly cameBack: number;
  /** Percent; the greatest of the step. */
  readonly harm: number;
}

/** Of a step of the history. */
const STEP_SECONDS = 5;
/** Ten minutes. */
const MOST_STEPS = 120;

interface TaskHistory {
  /** Oldest first; undefined where nobody looked. */
  steps: (Step | undefined)[];
  moved: number;
  cameBack: number;
}

/** What tasks did in the last minutes, in steps of five seconds. */
export class History {
  readonly #tasks = new Map<string, TaskHistory>();
  #step: number | undefined;
  #server: string | undefined;

  /**
   * Takes in what was seen.
   * @param server tells one run of a server from another. @param seconds of a steady clock.
   */
  add(rows: readonly TaskRow[], server: string, seconds: number): void {
    if (server !== this.#server) this.#tasks.clear();
    this.#server = server;
    const now = Math.floor(seconds / STEP_SECONDS);
    const begun = Math.min(now - (this.#step ?? now), MOST_STEPS);
    this.#step = now;
    const keys = new Set(rows.map(({ key }) => key));
    for (const key of this.#tasks.keys()) if (!keys.has(key)) this.#tasks.delete(key);
    for (const row of rows) this.#addRow(row, begun);
  }

  #addRow(row: TaskRow, begun: number): void {
    const known = this.#tasks.get(row.key);
    const task = known ?? { steps: [undefined], moved: row.moved, cameBack: row.cameBack };
    this.#tasks.set(row.key, task);
    const missed = known === undefined ? 0 : begun;
    task.steps.push(...Array.from({ length: missed }, () => undefined));
    task.steps.splice(0, task.steps.length - MOST_STEPS);
    const last = task.steps.at(-1);
    // A task that was started anew counts from 0 again.
    task.steps[task.steps.length - 1] = {
      moved: (last?.moved ?? 0) + Math.max(0, row.moved - task.moved),
      cameBack: (last?.cameBack ?? 0) + Math.max(0, row.cameBack - task.cameBack),
      harm: Math.max(last?.harm ?? 0, row.harm ?? 0),
    };
    task.moved = row.moved;
    task.cameBack = row.cameBack;
  }

  /** The newest steps of a task, oldest first, undefined for those before it was seen. */
  steps(key: string, count: number): (Step | undefined)[] {
    const known = this.#tasks.get(key)?.steps.slice(-count) ?? [];
    return [...Array.from({ length: count - known.length }, () => undefined), ...known];
  }
}
