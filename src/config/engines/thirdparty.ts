import type { EngineConfig } from "../engine_config.ts";
import type { Keys } from "../key_table.ts";
import { clampThreads, maxThreads, swapFlag, type TaskCommon } from "../task.ts";
import { objectName, shortText } from "../text_forms.ts";
import { BadValue, type ValueForm } from "../value_form.ts";

/** The [engine] of a third-party engine, compiled. */
export interface ThirdPartyEngineDescription {
  readonly kind: "thirdparty";
  readonly project: string;
  /** eng_name. */
  readonly name: string;
  /** Absolute path of the shared library. */
  readonly libname: string;
  /** Symbol of the struct engine_ops in it. */
  readonly opsName: string;
  /** What its fill_eng_params is handed: [project], if the file has one, and its [engine]. */
  readonly keyFileText: string;
  /** Of that, its [engine] alone: for tasks of other files. */
  readonly groupText: string;
}

/** A [task] of a third-party engine, compiled. */
export interface ThirdPartyTaskDescription extends TaskCommon {
  readonly kind: "thirdparty";
  readonly maxThreads: number;
  readonly swapFlag: boolean;
  /** What its fill_task_params is handed: it, with [project] and [engine] if its file has them. */
  readonly keyFileText: string;
  /** Its [engine] is in the same file, so that the text has it. */
  readonly hasEngine: boolean;
}

const KIND = "thirdparty";

/** `eng_name`: a name that no other engine has. @param others the names of other engines. */
function engineName(others: readonly string[]): ValueForm<string> {
  return {
    allowed: `${objectName.allowed}, not the name of another engine`,
    read: (raw, warn) => {
      const name = objectName.read(raw, warn);
      if (name === KIND || others.includes(name)) throw new BadValue("reserved");
      return name;
    },
  };
}

const libraryPath: ValueForm<string> = shortText(
  "an absolute path of fewer than 256 bytes",
  (path) => {
    if (!path.startsWith("/")) throw new BadValue("not an absolute path");
  },
);

const symbolName: ValueForm<string> = shortText(
  "a symbol of fewer than 256 bytes, without blanks",
  (symbol) => {
    if (/[\p{Cc} ]/u.test(symbol)) throw new BadValue("a blank or control character in it");
  },
);

const engineKeysWith = (others: readonly string[]) => ({
  eng_name: {
    form: engineName(others),
    mandatory: true,
    meaning: "what tasks call the engine",
    example: "my_engine",
  },
  libname: {
    form: libraryPath,
    mandatory: true,
    meaning: "shared library of the engine",
    example: "/usr/lib/etmem/my_engine.so",
  },
  ops_name: {
    form: symbolName,
    mandatory: true,
    meaning: "struct engine_ops that the library exports",
    example: "my_engine_ops",
  },
} satisfies Keys);

const taskKeys = { max_threads: maxThreads, swap_flag: swapFlag } satisfies Keys;

/** A third-party engine is a shared library. @param others the names of all other engines. */
export function thirdParty(others: readonly string[]): EngineConfig<
  ThirdPartyEngineDescription,
  ThirdPartyTaskDescription,
  ReturnType<typeof engineKeysWith>,
  typeof taskKeys
> {
  const engineKeys = engineKeysWith(others);
  return {
    kind: KIND,
    titleInTasks: "a third-party engine",
    nameKey: { key: "eng_name", spec: engineKeys.eng_name },
    hasPrivateKeys: true,
    engineKeys,
    taskKeys,
    compileEngine: (values, project, { engine, keyFileText }) => ({
      kind: KIND,
      project,
      name: values.eng_name,
      libname: values.libname,
      opsName: values.ops_name,
      keyFileText: keyFileText(),
      groupText: engine.object.groups.flatMap((group) => group.source).join("\n"),
    }),
    compileTask(values, common, context) {
      if (common.target.type === "cgroup") {
        context.task.refuse("type", "third-party engines do not know it", "pid or name");
      }
      return {
        kind: KIND,
        ...common,
        maxThreads: clampThreads(values.max_threads, context),
        swapFlag: values.swap_flag,
        keyFileText: context.keyFileText(),
        hasEngine: context.hasEngine(),
      };
    },
  };
}
