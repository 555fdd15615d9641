import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ThirdPartyTaskDescription } from "../../../../src/config/engines/thirdparty.ts";
import type { ProjectDescription } from "../../../../src/config/project.ts";
import type { TaskTarget } from "../../../../src/config/task.ts";
import type { EngineCommand } from "../../../../src/engine/engine.ts";
import { PluginEngine } from "../../../../src/engine/plugin/plugin_engine.ts";
import { compileEngine } from "../../../tools/fixtures/engines/compile_engine.ts";

export const PROJECT: ProjectDescription = {
  name: "proj",
  loop: 3,
  intervalSeconds: 5,
  sleepSeconds: 1,
  sysmemThresholdPercent: 60,
  swapcacheWmark: { lowPercent: 3, highPercent: 4 },
  tracker: "auto",
  mover: "auto",
};

/**
 * Far beyond what anything takes on a busy machine,
 * so that only what hangs for ever counts as hung.
 */
const LIMIT_MS = 30_000;

/** How the engine of a test is set up. */
export interface EngineSetup {
  readonly source?: "recorder.c" | "misbehave.c";
  readonly opsName?: string;
  readonly libname?: string;
  readonly name?: string;
  /** Of its [engine], for example `crash=start_task`. */
  readonly keys?: string;
  readonly limitMs?: number;
}

/** An engine that is not opened yet. */
export function makeEngine(setup: EngineSetup = {}): PluginEngine {
  const { source = "misbehave.c", name = "eng", keys = "", limitMs = LIMIT_MS } = setup;
  const groupText = `[engine]\nname=thirdparty\n${keys}\n`;
  return new PluginEngine(
    {
      kind: "thirdparty",
      project: PROJECT.name,
      name,
      libname: setup.libname ?? compileEngine(source),
      opsName: setup.opsName ?? `${source.slice(0, -2)}_ops`,
      keyFileText: `[project]\nname=proj\nloop=3\n${groupText}`,
      groupText,
    },
    PROJECT,
    limitMs,
  );
}

/** A task about this process, or another target. */
export function makeTask(
  name: string,
  target: TaskTarget = { type: "pid", pid: process.pid },
): ThirdPartyTaskDescription {
  return {
    kind: "thirdparty",
    project: PROJECT.name,
    engine: "eng",
    name,
    target,
    maxThreads: 2,
    swapFlag: name === "flagged",
    keyFileText: `[task]\nname=${name}\ncolour=red of ${name}\n`,
    hasEngine: false,
  };
}

/** A command and what came back. */
export class Asked implements EngineCommand {
  readonly command: string;
  readonly task?: string;
  readonly json: boolean;
  readonly signal: AbortSignal = new AbortController().signal;
  readonly urgent: AbortSignal = new AbortController().signal;
  readonly #pieces: Uint8Array[] = [];

  constructor(command: string, { task, json = false }: { task?: string; json?: boolean } = {}) {
    this.command = command;
    if (task !== undefined) this.task = task;
    this.json = json;
  }

  readonly write = (text: Uint8Array | string): void => {
    this.#pieces.push(Buffer.from(text));
  };

  /** How long the client takes nothing more, from the first piece on. */
  held: Promise<void> | undefined;
  readonly lag = (): Promise<void> | undefined => this.held;

  get text(): string {
    return Buffer.concat(this.#pieces).toString("latin1");
  }
}

/** The file into which recorder.c writes. */
export class Record implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "etmem-record-"));

  /** The key that names it. */
  get key(): string {
    return `record=${join(this.#folder, "calls")}`;
  }

  /** What was written since take(). */
  get text(): string {
    const path = join(this.#folder, "calls");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** What was written since the last time, as lines. */
  take(): string[] {
    const lines = this.text.trim().split("\n");
    rmSync(join(this.#folder, "calls"), { force: true });
    return lines;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
