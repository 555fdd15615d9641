import type { EngineConfig } from "./engine_config.ts";
import { CSLIDE } from "./engines/cslide.ts";
import { PSI } from "./engines/psi.ts";
import { SLIDE } from "./engines/slide.ts";
import { thirdParty } from "./engines/thirdparty.ts";
import type { Keys, KeySpec, KeyTable } from "./key_table.ts";
import { taskKeys } from "./task.ts";
import { alternatives, anyText, objectName, oneOf } from "./text_forms.ts";
import { UnsupportedValue, type ValueForm } from "./value_form.ts";

/** The engines of this program, in the order of messages and manuals. */
const OWN = [SLIDE, CSLIDE, PSI] as const;

/** Engines that the original program has, and its document does not. */
const UNDOCUMENTED = ["memdcd", "damon", "psi"];

const own: readonly string[] = OWN.map(({ kind }) => kind);

/** Engines of the original program that this one does not have. @internal */
export const UNSUPPORTED_ENGINES: readonly string[] = UNDOCUMENTED
  .filter((kind) => !own.includes(kind));

/** Engines that are shared libraries, each with a name of its own. */
const THIRD_PARTY = thirdParty([...own, ...UNSUPPORTED_ENGINES]);

const CONFIGS = [...OWN, THIRD_PARTY] as const;

type Config = (typeof CONFIGS)[number];

/** `name` of an [engine], which says what its keys are and which code works on its tasks. */
export type EngineKindName = Config["kind"];

/** An [engine], compiled. */
export type EngineDescription = ReturnType<Config["compileEngine"]>;

/** A [task], compiled. */
export type TaskDescription = ReturnType<Config["compileTask"]>;

const engineKeys = {
  name: {
    form: oneOf(CONFIGS.map(({ kind }) => kind), UNSUPPORTED_ENGINES),
    mandatory: true,
    meaning: "which engine it is",
    example: "slide",
  },
  project: {
    form: objectName,
    mandatory: true,
    meaning: "project that the engine belongs to",
    example: "web",
  },
} satisfies Keys;

/** A key that has no effect, whatever its value is. */
function notUsed({ meaning, example }: KeySpec<unknown>) {
  return { form: anyText, mandatory: false, meaning: `not used: ${meaning}`, example } as const;
}

/** The engine of a task; whether it exists is not asked here. */
const engineReference: ValueForm<string> = {
  allowed: alternatives([...own, "the eng_name of a third-party engine"]),
  read: (raw, warn) => {
    const name = objectName.read(raw, warn);
    if (UNSUPPORTED_ENGINES.includes(name)) throw new UnsupportedValue();
    return name;
  },
};

const { name, project, type, value } = taskKeys;
const namingKeys = {
  name,
  project,
  engine: {
    form: engineReference,
    mandatory: true,
    meaning: "engine that works on the task",
    example: "slide",
  },
} satisfies Keys;
const commonTaskKeys = { ...namingKeys, type, value } satisfies Keys;
/** The same, where a key of the engine says what the task is about. */
const untargetedTaskKeys = { ...namingKeys, type: notUsed(type), value: notUsed(value) };

/** The source document's table has `engine` where its samples have `name`. */
const aliases = { engine: "name" };

/** [engine] where it is not known which one it is: the keys that all engines have. */
export const ANY_ENGINE_KEYS: KeyTable<typeof engineKeys> = {
  group: "engine",
  title: "[engine]",
  keys: engineKeys,
  aliases,
  hasPrivateKeys: true,
};

/** [task] without an engine: the keys that all tasks have. */
export const ANY_TASK_KEYS: KeyTable<typeof commonTaskKeys> = {
  group: "task",
  title: "[task]",
  keys: commonTaskKeys,
  hasPrivateKeys: true,
};

/** An engine's configuration, with the tables that its groups are read by. */
export interface ConfiguredEngine {
  readonly config: EngineConfig<EngineDescription, TaskDescription>;
  /** Of its [engine]: the keys of all engines, then its own. */
  readonly engineTable: KeyTable<typeof engineKeys>;
  /** Of its [task]: the keys of all tasks, then its own. */
  readonly taskTable: KeyTable<typeof commonTaskKeys | typeof untargetedTaskKeys>;
}

function configured(
  config: EngineConfig<EngineDescription, TaskDescription>,
): ConfiguredEngine {
  const { kind, titleInTasks = kind, hasPrivateKeys = false } = config;
  const common = { engine: kind, hasPrivateKeys };
  return {
    config,
    engineTable: {
      ...common,
      group: "engine",
      title: `[engine] of ${kind}`,
      keys: { ...engineKeys, ...config.engineKeys },
      aliases,
    },
    taskTable: {
      ...common,
      group: "task",
      title: `[task] of ${titleInTasks}`,
      keys: {
        ...(config.groupKey === undefined ? commonTaskKeys : untargetedTaskKeys),
        ...config.taskKeys,
      },
    },
  };
}

const ownEngines = OWN.map(configured);
const thirdPartyEngine = configured(THIRD_PARTY);

/** All engines, third-party ones last. */
export const CONFIGURED_ENGINES: readonly ConfiguredEngine[] = [...ownEngines, thirdPartyEngine];

/** The engine of a kind. @returns undefined when there is none. */
export function engineOfKind(kind: string | undefined): ConfiguredEngine | undefined {
  return CONFIGURED_ENGINES.find(({ config }) => config.kind === kind);
}

/** The engine of a [task]: the one of that kind, or else a third-party one of that name. */
export function engineOfTask(engine: string): ConfiguredEngine {
  return ownEngines.find(({ config }) => config.kind === engine) ?? thirdPartyEngine;
}
