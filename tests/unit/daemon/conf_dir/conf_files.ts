import type { FileChange } from "../../../../src/daemon/conf_dir/conf_folder.ts";
import { ConfState } from "../../../../src/daemon/conf_dir/conf_state.ts";
import { Registry } from "../../../../src/project/registry.ts";
import { ScriptedEngines } from "../../project/scripted_engine.ts";

const NEVER = new AbortController().signal;

/** Files of a folder that is nowhere, and a registry that follows them. */
export class ConfFiles {
  readonly script = new ScriptedEngines();
  readonly registry = new Registry(() => Promise.resolve([this.script]));
  readonly state = new ConfState();
  /** Projects that are not started when they come. */
  readonly stopped = new Set<string>();
  readonly #texts = new Map<string, string>();
  readonly #changes = new Map<string, FileChange>();

  /** @param text undefined: the file is gone. */
  set(name: string, text: string | undefined): void {
    const path = `/conf.d/${name}`;
    if (text === undefined) this.#texts.delete(path);
    else this.#texts.set(path, text);
    this.#changes.set(
      path,
      text === undefined ? { state: "gone" } : { state: "read", bytes: Buffer.from(text) },
    );
  }

  /** Has a file that cannot be read. */
  setUnreadable(name: string, problem: string): void {
    this.#texts.set(`/conf.d/${name}`, "");
    this.#changes.set(`/conf.d/${name}`, { state: "unreadable", problem });
  }

  /** Makes one look of what has changed. */
  async apply(signal: AbortSignal = NEVER): Promise<void> {
    const changes = new Map(this.#changes);
    this.#changes.clear();
    const paths = new Set(this.#texts.keys());
    this.state.take({ changes, paths, nextMs: 0, isUnsettled: false }, this.registry);
    for (const project of await this.state.apply(this.registry, signal)) {
      const view = this.registry.view(project)[0];
      if (view?.started === false && !this.stopped.has(project)) {
        await this.registry.start(project, signal);
      }
    }
  }

  /** `p+ a+ b-`, by name: a started project with two tasks, one of which runs. */
  get shown(): string[] {
    return this.registry.view().map(({ description, started, engines }) => {
      const tasks = engines.flatMap((live) =>
        [...live.tasks].map((task) => `${task.name}${task.started ? "+" : "-"}`)
      );
      return [`${description.name}${started ? "+" : "-"}`, ...tasks.toSorted()].join(" ");
    }).toSorted();
  }

  /** `a.conf: the problem`, and whether an earlier version counts. */
  get refused(): string[] {
    return this.state.status().refused.map(({ file, problem, earlier_version_counts }) =>
      `${file.slice("/conf.d/".length)}: ${problem}${earlier_version_counts ? " (earlier)" : ""}`
    );
  }
}

/** A project with tasks, given as `a` or `a=T`. */
export function projectText(name: string, tasks: readonly string[], loop = 1): string {
  return `[project]\nname=${name}\nloop=${loop}\ninterval=1\nsleep=1\n` +
    `[engine]\nname=slide\nproject=${name}\n${tasks.map((task) => taskText(name, task)).join("")}`;
}

/** A task, given as `a` or `a=T`. */
export function taskText(project: string, task: string): string {
  const [name, T = "1"] = task.split("=");
  return `[task]\nproject=${project}\nengine=slide\nname=${name}\ntype=name\nvalue=x${T}\nT=${T}\n`;
}
