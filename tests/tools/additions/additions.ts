/** One edit that an addition makes, in one file. */
export interface Part {
  readonly file: string;
  /** The new text. @param text what stands there; empty for a new file. */
  readonly edit: (text: string) => string;
  /** What fails when this part alone is forgotten; left out: nothing can know that. */
  readonly missedBy?: "types" | "unused" | "docs";
}

/** A made-up addition to the program. */
export interface Addition {
  /** The beginning of its entry in "To add" of CONTRIBUTING.md. */
  readonly entry: string;
  /** What NAME stands for there. */
  readonly name: string;
  readonly parts: readonly Part[];
  /** Documents that `npm run docs` writes anew. */
  readonly documents: readonly string[];
}

/**
 * Replaces a text that has to stand in a file once.
 * @throws {Error} when it does not: then the example below is out of date.
 */
function replaced(before: string, after: string): Part["edit"] {
  return (text) => {
    if (text.split(before).length !== 2) throw new Error(`Not once in the file: ${before}`);
    return text.replace(before, () => after);
  };
}

/** Puts a line in front of all others. */
function importing(line: string): Part["edit"] {
  return (text) => `${line}\n${text}`;
}

function both(...edits: readonly Part["edit"][]): Part["edit"] {
  return (text) => edits.reduce((done, edit) => edit(done), text);
}

const ENGINE_CONFIG = `import type { EngineConfig } from "../engine_config.ts";
import type { Keys } from "../key_table.ts";
import { integer } from "../number_forms.ts";
import type { TaskCommon } from "../task.ts";

/** The [engine] of madeup, compiled. */
export interface MadeUpEngineDescription {
  readonly kind: "madeup";
  readonly project: string;
  readonly name: "madeup";
  readonly paceMb: number;
}

/** A [task] of madeup, compiled. */
export interface MadeUpTaskDescription extends TaskCommon {
  readonly kind: "madeup";
  readonly depth: number;
}

const engineKeys = {
  pace: { form: integer(1, 100), mandatory: true, meaning: "MB a second", example: "5" },
} satisfies Keys;

const taskKeys = {
  depth: { form: integer(1, 9), mandatory: true, meaning: "how deep it goes", example: "2" },
} satisfies Keys;

/** madeup does nothing. */
export const MADEUP: EngineConfig<
  MadeUpEngineDescription,
  MadeUpTaskDescription,
  typeof engineKeys,
  typeof taskKeys
> = {
  kind: "madeup",
  engineKeys,
  taskKeys,
  compileEngine: ({ pace }, project) => ({
    kind: "madeup",
    project,
    name: "madeup",
    paceMb: pace,
  }),
  compileTask: ({ depth }, common) => ({ kind: "madeup", ...common, depth }),
};
`;

const ENGINE_CODE =
  `import type { EngineDescription, TaskDescription } from "../../config/engines.ts";
import type { MadeUpTaskDescription } from "../../config/engines/madeup.ts";
import type { TaskStatus } from "../../status/task_status.ts";
import { type Engine, type EngineKind, EngineRefusal } from "../engine.ts";
import { entryStatus } from "../round/task_entry.ts";
import { TaskTable } from "../task_table.ts";

/** An engine that does nothing. */
class MadeUpEngine implements Engine {
  readonly #tasks = new TaskTable<{ readonly description: MadeUpTaskDescription }>();

  async addTask(description: TaskDescription): Promise<void> {
    if (description.kind !== "madeup") throw new EngineRefusal("not one of madeup");
    this.#tasks.add({ description });
  }

  async removeTask(name: string): Promise<void> {
    this.#tasks.remove(name);
  }

  async startTask(name: string): Promise<void> {
    this.#tasks.get(name);
  }

  async stopTask(name: string): Promise<void> {
    this.#tasks.get(name);
  }

  taskStatus(name: string): TaskStatus {
    return entryStatus(this.#tasks.get(name));
  }

  async command(): Promise<void> {}

  async close(): Promise<void> {}
}

/** madeup's entry of the engine table. */
export const MADEUP: EngineKind<"madeup"> = {
  kind: "madeup",
  async create(description: EngineDescription): Promise<Engine> {
    if (description.kind !== "madeup") throw new EngineRefusal("not madeup");
    return new MadeUpEngine();
  },
};
`;

const section = (name: string): string => `<!-- npm run docs makes: ${name} -->\n<!-- end -->\n`;

const ENGINE: Addition = {
  entry: "An engine",
  name: "madeup",
  parts: [
    {
      file: "src/config/engines/madeup.ts",
      edit: () => ENGINE_CONFIG,
      missedBy: "types",
    },
    {
      file: "src/config/engines.ts",
      edit: both(
        replaced(
          "const OWN = [SLIDE, CSLIDE, PSI] as const;",
          "const OWN = [SLIDE, CSLIDE, PSI, MADEUP] as const;",
        ),
        importing('import { MADEUP } from "./engines/madeup.ts";'),
      ),
      missedBy: "types",
    },
    {
      file: "src/engine/madeup/madeup_engine.ts",
      edit: () => ENGINE_CODE,
      missedBy: "types",
    },
    {
      file: "src/engine/engines.ts",
      edit: both(
        replaced("  cslide: CSLIDE,\n", "  cslide: CSLIDE,\n  madeup: MADEUP,\n"),
        importing('import { MADEUP } from "./madeup/madeup_engine.ts";'),
      ),
      missedBy: "types",
    },
    {
      file: "docs/configuration.md",
      edit: (text) =>
        `${text}\n${section("keys of [engine] of madeup")}\n${section("keys of [task] of madeup")}`,
      missedBy: "docs",
    },
  ],
  documents: ["docs/configuration.md"],
};

const SLIDE_CONFIG = "src/config/engines/slide.ts";

const KEY: Addition = {
  entry: "A key of an engine or of its tasks",
  name: "slide",
  parts: [
    {
      file: SLIDE_CONFIG,
      edit: replaced(
        "  readonly dramPercent?: number;\n",
        "  readonly dramPercent?: number;\n  /** Megabytes a second. */\n  readonly paceMb: number;\n",
      ),
      missedBy: "types",
    },
    {
      file: SLIDE_CONFIG,
      edit: replaced(
        "  swap_flag: swapFlag,\n",
        "  swap_flag: swapFlag,\n" +
          '  pace: { form: anyInteger("any"), mandatory: false, default: "1", meaning: "MB a second", example: "5" },\n',
      ),
      missedBy: "types",
    },
    {
      file: SLIDE_CONFIG,
      edit: replaced(
        "      swapFlag: values.swap_flag,\n",
        "      swapFlag: values.swap_flag,\n      paceMb: values.pace,\n",
      ),
      missedBy: "types",
    },
    {
      file: "src/engine/slide/slide_run.ts",
      edit: replaced(
        "    intervalMs: project.intervalSeconds * 1000,\n",
        "    intervalMs: project.intervalSeconds * 1000 + 0 * task.paceMb,\n",
      ),
    },
  ],
  documents: ["docs/configuration.md"],
};

const FIGURE: Addition = {
  entry: "A figure of a round",
  name: "made_up_bytes",
  parts: [
    {
      file: "src/status/round_figures.ts",
      edit: replaced(
        "const TABLE = [\n",
        `const TABLE = [
  {
    name: "made_up_bytes",
    unit: "bytes",
    meaning: "memory that nobody needs to keep",
    inTotal: false,
    inLog: false,
    shown: { among: "account", label: "made up", text: (bytes) => formatBytes(bytes) },
  },
`,
      ),
      missedBy: "types",
    },
    {
      file: "src/engine/slide/move_cold.ts",
      edit: replaced(
        "    moved_bytes: moved * PAGE_SIZE,\n",
        "    moved_bytes: moved * PAGE_SIZE,\n    made_up_bytes: moved * PAGE_SIZE,\n",
      ),
    },
  ],
  documents: ["docs/status.md"],
};

const TRACKER: Addition = {
  entry: "A tracker",
  name: "made_up",
  parts: [
    {
      file: "src/tracker/tracker_made_up.ts",
      edit: () =>
        `import { SMAPS } from "./tracker_smaps.ts";
import type { TrackerKind } from "./tracker.ts";

/** Sees what smaps sees, by another name. */
export const MADE_UP: TrackerKind<"made_up"> = { ...SMAPS, name: "made_up" };
`,
      missedBy: "types",
    },
    {
      file: "src/tracker/trackers.ts",
      edit: both(
        replaced("  SMAPS,\n]", "  MADE_UP,\n  SMAPS,\n]"),
        importing('import { MADE_UP } from "./tracker_made_up.ts";'),
      ),
      missedBy: "unused",
    },
  ],
  documents: ["docs/configuration.md"],
};

/** An addition of each kind that people make most. */
export const ADDITIONS: readonly Addition[] = [ENGINE, KEY, FIGURE, TRACKER];
