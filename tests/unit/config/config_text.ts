import { compileConfig, type CompiledConfig } from "../../../src/config/compile.ts";
import { ConfigError } from "../../../src/config/config_error.ts";
import { CONFIGURED_ENGINES } from "../../../src/config/engines.ts";
import { PINNABLE_NAMES } from "../../tools/fixtures/pinnable_names.ts";
import type { ProjectDescription } from "../../../src/config/project.ts";

/** The kinds of engine. */
export const ENGINE_KINDS: readonly string[] = CONFIGURED_ENGINES.map(({ config }) => config.kind);

/** What messages say of a choice: `a, b or c`. */
const choice = (words: readonly string[]): string => words.join(", ").replace(/, (?!.*, )/, " or ");

/** What messages say that a key takes, where it depends on the tables of engines and the like. */
export const ALLOWED = {
  engine: choice(ENGINE_KINDS),
  engineOfTask: choice(
    ENGINE_KINDS.map((kind) =>
      kind === "thirdparty" ? "the eng_name of a third-party engine" : kind
    ),
  ),
  tracker: choice(["auto", ...PINNABLE_NAMES.trackers]),
  mover: choice(["auto", ...PINNABLE_NAMES.movers]),
} as const;

/** A file of the slide engine with mandatory keys only. */
export const SLIDE = `[project]
name=p
loop=3
interval=5
sleep=10
[engine]
name=slide
project=p
[task]
name=t
project=p
engine=slide
type=pid
value=1
T=3
`;

/** A file of the cslide engine with mandatory keys only, for a project that is there. */
export const CSLIDE = `[engine]
name=cslide
project=p
node_pair=2,0
hot_threshold=1
node_mig_quota=1024
node_hot_reserve=512
[task]
name=t
project=p
engine=cslide
type=pid
value=1
`;

/** A file of a third-party engine with mandatory keys only, for a project that is there. */
export const THIRD_PARTY = `[engine]
name=thirdparty
project=p
eng_name=mine
libname=/usr/lib/mine.so
ops_name=mine_ops
[task]
name=t
project=p
engine=mine
type=pid
value=1
`;

/** A file of the psi engine with mandatory keys only. */
export const PSI = `[project]
name=p
scan_type=psi
interval=5
[engine]
name=psi
project=p
[task]
name=t
project=p
engine=psi
cg_dir=a/*
`;

/** The text with the line of a key in a group: replaced, or added at the end of the group. */
export function put(text: string, group: string, line: string): string {
  const key = `${line.split("=")[0]}=`;
  const lines = text.split("\n");
  const header = lines.indexOf(`[${group}]`);
  const next = lines.findIndex((other, i) => i > header && other.startsWith("["));
  const end = next === -1 ? lines.length - 1 : next;
  const at = lines.findIndex((other, i) => i > header && i < end && other.startsWith(key));
  return (at === -1 ? lines.toSpliced(end, 0, line) : lines.toSpliced(at, 1, line)).join("\n");
}

/** The text without a group's line of a key. */
export function without(text: string, group: string, key: string): string {
  const marked = put(text, group, `${key}=`);
  return marked.replace(`${key}=\n`, "");
}

/** Compiles text as the file /f on a machine with 2 cores, beside the projects given. */
export function compile(
  text: string,
  known: readonly ProjectDescription[] = [],
): Omit<CompiledConfig, "lines" | "slips"> {
  const { lines: _lines, slips: _slips, ...compiled } = compileConfig(
    new TextEncoder().encode(text),
    {
      path: "/f",
      cores: 2,
      names: PINNABLE_NAMES,
      project: (name) => known.find((project) => project.name === name),
    },
  );
  return compiled;
}

/** The warnings for a text, without the path in front of each. */
export function warnings(text: string, known: readonly ProjectDescription[] = []): string[] {
  return compile(text, known).warnings.map((warning) => warning.replace(/^"\/f" /, ""));
}

/** Why a text is refused, without the path in front; "accepted" when it is not. */
export function refusal(text: string, known: readonly ProjectDescription[] = []): string {
  try {
    compile(text, known);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replace(/^Cannot use "\/f": /, "");
  }
  return "accepted";
}

/** Line number of a line of a text, from 1. */
export function lineOf(text: string, line: string): number {
  return text.split("\n").lastIndexOf(line) + 1;
}

/** A project that is there. */
export const KNOWN_PROJECT: ProjectDescription = {
  name: "p",
  loop: 3,
  intervalSeconds: 1,
  sleepSeconds: 1,
  tracker: "auto",
  mover: "auto",
};
