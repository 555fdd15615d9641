import { AT_FDCWD } from "../../../ffi/libc.ts";
import { pause } from "../../async/abortable.ts";
import type { ProjectDescription } from "../../config/project.ts";
import { log } from "../../log/logger.ts";
import { readMemInfo } from "../../procfs/meminfo.ts";
import { readText } from "../../procfs/read_file.ts";
import type { Registry } from "../../project/registry.ts";
import { FIRST_WORDS, Refusal } from "../../rpc/refusal.ts";
import { loadEngines } from "../load_engines.ts";

/** How long it takes to see that something is there which projects wait for. */
const LOOK_MS = 2_000;

/** A project that could not be started. */
interface WaitingProject {
  readonly description: ProjectDescription;
  /** Why the last try failed; empty during the first one. */
  reason: string;
}

/**
 * The projects of --conf-dir that lacked something when they were to be started, such as swap space
 * that is made later. Each is tried again when the machine offers something else, until a client
 * has started, stopped or removed it.
 */
export class WaitingProjects {
  readonly #projects = new Map<string, WaitingProject>();
  #isRetrying = false;

  /** Why a project waits; undefined when it does not. */
  reason(description: ProjectDescription): string | undefined {
    const waiting = this.#projects.get(description.name);
    if (waiting?.description !== description || waiting.reason === "") return undefined;
    return waiting.reason;
  }

  /** Lets a project wait no longer. @returns whether it did. */
  forget(project: string): boolean {
    return this.#projects.delete(project);
  }

  /**
   * Starts projects, one after the other. Those that cannot be started wait, and the log says why.
   * @returns when each has been tried; what waits is tried again behind it.
   */
  async start(projects: readonly string[], registry: Registry, signal: AbortSignal): Promise<void> {
    const before = await machineFacts();
    for (const project of projects) {
      const description = registry.describe(project);
      if (description === undefined) continue;
      this.#projects.set(project, { description, reason: "" });
      await this.#try(project, registry, signal);
    }
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    void this.#retry(before, registry, signal).catch((error: unknown) => {
      log.error(`Cannot look after the projects that wait: ${String(error)}`);
    }).finally(() => {
      this.#isRetrying = false;
    });
  }

  async #retry(before: string, registry: Registry, signal: AbortSignal): Promise<void> {
    while (this.#projects.size > 0 && await pause(LOOK_MS, signal)) {
      const facts = await machineFacts();
      if (facts === before) continue;
      before = facts;
      for (const [project, { description }] of this.#projects) {
        // It may have been removed, and another may have got its name.
        if (registry.describe(project) !== description) this.#projects.delete(project);
        else await this.#try(project, registry, signal);
      }
    }
  }

  async #try(project: string, registry: Registry, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      await registry.start(project, signal);
      this.#projects.delete(project);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // A client may have stopped it meanwhile.
      const waiting = this.#projects.get(project);
      if (signal.aborted || waiting === undefined) return;
      const reason = detailOf(error);
      const doing = `Cannot start project "${project}"`;
      if (error.kind !== "internal") {
        this.#projects.delete(project);
        log.error(`${doing}: ${error.message}`);
      } else if (waiting.reason !== reason) {
        waiting.reason = reason;
        log.error(`${doing}: ${reason}; it waits, and is tried again when that may be there`);
      }
    }
  }
}

/** What a refusal says behind its first words. */
function detailOf({ kind, message }: Refusal): string {
  return message.slice(FIRST_WORDS[kind].length).replace(/^: /, "");
}

/** What the start of a task depends on, as a text that changes with it. It is cheap to take. */
async function machineFacts(): Promise<string> {
  const { support } = await loadEngines();
  const modules = readText(AT_FDCWD, "/proc/modules") ?? "";
  return JSON.stringify([
    readMemInfo().swapTotalBytes > 0,
    support.trackers(),
    support.movers(),
    readText(AT_FDCWD, "/sys/devices/system/node/has_memory"),
    // the names; the other columns change all the time
    modules.split("\n").map((line) => line.split(" ", 1)[0]),
  ]);
}
