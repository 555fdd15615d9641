import { formatOptionList, formatSynopsis } from "../../src/options/format_options.ts";
import type { OptionTable, ValueKind } from "../../src/options/option.ts";
import { parseOptions } from "../../src/options/parse_options.ts";
import { UsageError } from "../../src/options/usage_error.ts";
import { integerKind, pathKind } from "../../src/options/value_kinds.ts";
import type { Peer } from "./peer.ts";
import { PEERS } from "./peers.ts";
import { type Workload, WORKLOADS } from "./workload_table.ts";

/** Names of a table's entries, with commas between them; a name that ends with `*`: all such. */
function listOf<Entry extends { readonly name: string }>(
  placeholder: string,
  entries: readonly Entry[],
): ValueKind<readonly Entry[]> {
  const named = (word: string): readonly Entry[] =>
    entries.filter(({ name }) =>
      word.endsWith("*") ? name.startsWith(word.slice(0, -1)) : name === word
    );
  return {
    placeholder,
    allowed: `any of ${entries.map(({ name }) => name).join(", ")}`,
    parse: (text) => {
      const chosen = text.split(",").map(named);
      return chosen.some((some) => some.length === 0) ? undefined : chosen.flat();
    },
  };
}

const WINDOW_SECONDS = 10;
const SECONDS = integerKind("N", 1, 100_000);

const OPTIONS = {
  workloads: {
    long: "workloads",
    about: "which workloads; default zipf",
    value: listOf("NAME,...", WORKLOADS),
  },
  peers: {
    long: "peers",
    about: "beside what; by default nothing,off,guard-0.1, in the VM others too",
    value: listOf("NAME,...", PEERS),
  },
  seconds: { long: "seconds", about: "how long a run takes; default 150", value: SECONDS },
  last: { long: "last", about: "how much of its end is looked at; default 50", value: SECONDS },
  window: {
    long: "window",
    about: "what is counted is counted apart for each of these; default 10 or a divisor of it",
    value: SECONDS,
  },
  passes: {
    long: "passes",
    about: "how often, every other time in the opposite order; default 2, in the VM 1",
    value: integerKind("N", 1, 100),
  },
  seed: {
    long: "seed",
    about: "what requests are drawn from; default 1",
    value: integerKind("N", 1, 999_999_999),
  },
  vm: { long: "vm", about: "in the test VM, where DAMON and memory.reclaim are" },
  icount: {
    long: "icount",
    about: "in the test VM with a clock that counts instructions: no load of the host is in it",
  },
  before: {
    long: "before",
    about: 'dist/etmem of another build: the peer "before"',
    value: pathKind("FILE"),
  },
  windows: { long: "windows", about: "show the windows of each run" },
  json: { long: "json", about: "keep all that was seen in a file", value: pathKind("FILE") },
} as const satisfies OptionTable;

/** What is to be measured. */
export interface Settings {
  readonly workloads: readonly Workload[];
  readonly peers: readonly Peer[];
  readonly seconds: number;
  readonly windowSeconds: number;
  /** Of the end, that are looked at. */
  readonly lastWindows: number;
  readonly passes: number;
  readonly seed: number;
  readonly place: "host" | "vm" | "icount";
  /** The executable of another build. */
  readonly before: string | undefined;
  readonly showWindows: boolean;
  readonly json: string | undefined;
}

const DEFAULT_NAMES = new Set(["nothing", "off", "guard-0.1"]);

function defaultPeers(inVm: boolean, hasBefore: boolean): readonly Peer[] {
  return PEERS.filter(({ name, vmOnly = false }) =>
    DEFAULT_NAMES.has(name) || (hasBefore && name === "before") ||
    (inVm && (vmOnly || name.startsWith("guard-")))
  );
}

const COMMAND = "npm run bench -- workload";

function usage(): string {
  const list = (entries: readonly (Workload | Peer)[]): string =>
    entries.map(({ name, about }) => `  ${name.padEnd(16)} ${about}\n`).join("");
  return `usage: ${COMMAND} ${formatSynopsis(OPTIONS)}\n\n${
    formatOptionList(Object.values(OPTIONS))
  }\nWorkloads:\n${list(WORKLOADS)}\nPeers; "damon-*" are all that begin so:\n${list(PEERS)}`;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** @returns the settings of a command line, or the help that it asks for. @throws {UsageError} */
export function readSettings(args: readonly string[]): Settings | string {
  const parsed = parseOptions(COMMAND, OPTIONS, args);
  if (parsed.info !== undefined) return usage();
  const { options } = parsed;
  const { seconds = 150, last = Math.min(50, seconds) } = options;
  const { window = commonDivisor(commonDivisor(seconds, last), WINDOW_SECONDS) } = options;
  if (last > seconds || seconds % window !== 0 || last % window !== 0) {
    throw new UsageError(
      `Cannot take the last ${last} of ${seconds} seconds in windows of ${window}: ` +
        "allowed is no more than all seconds, and a whole number of windows each",
    );
  }
  const inVm = options.vm || options.icount;
  return {
    workloads: options.workloads ?? WORKLOADS.slice(0, 1),
    peers: options.peers ?? defaultPeers(inVm, options.before !== undefined),
    seconds,
    windowSeconds: window,
    lastWindows: last / window,
    passes: options.passes ?? (inVm ? 1 : 2),
    seed: options.seed ?? 1,
    place: options.icount ? "icount" : inVm ? "vm" : "host",
    before: options.before,
    showWindows: options.windows,
    json: options.json,
  };
}
