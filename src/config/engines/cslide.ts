import { excerpt } from "../../text/excerpt.ts";
import type { EngineConfig } from "../engine_config.ts";
import type { Keys } from "../key_table.ts";
import { natural } from "../number_forms.ts";
import type { TaskCommon } from "../task.ts";
import { byteLength, readString, unescapeString, yesNo } from "../text_forms.ts";
import { BadValue, type ValueForm } from "../value_form.ts";

/** A pair of node_pair in the order of the file; the machine decides which one is the slow node. */
export type NodePair = readonly [first: number, second: number];

/** The [engine] of cslide, compiled. */
export interface CslideEngineDescription {
  readonly kind: "cslide";
  readonly project: string;
  readonly name: "cslide";
  readonly nodePairs: readonly NodePair[];
  /** Accesses in a round from which a page is hot. */
  readonly hotThreshold: number;
  /** MiB per direction, round and pair. */
  readonly nodeMigQuotaMb: number;
  /** MiB kept free in DRAM for hot memory. */
  readonly nodeHotReserveMb: number;
}

/** A [task] of cslide, compiled. */
export interface CslideTaskDescription extends TaskCommon {
  readonly kind: "cslide";
  /** Two-letter VmFlags: a VMA is scanned when it has all of them. Empty: any VMA is. */
  readonly vmFlags: readonly string[];
  readonly anonOnly: boolean;
  readonly ignHost: boolean;
}

/** MAX_NUMNODES of include/linux/numa.h where it is largest (CONFIG_NODES_SHIFT=10). */
const MAX_NUMNODES = 1024;

/** `node_pair`: pairs in the order of the file. */
const nodePairs: ValueForm<readonly NodePair[]> = {
  allowed: `pairs A,B;C,D of node ids 0 to ${MAX_NUMNODES - 1}, each once`,
  read: (raw) => {
    const pairs = readString(raw).split(";").map(readPair);
    const seen = new Set<number>();
    for (const node of pairs.flat()) {
      if (seen.has(node)) throw new BadValue(`node ${node} stands there twice`);
      seen.add(node);
    }
    return pairs;
  },
};

function readPair(text: string): NodePair {
  const digits = /^ *([0-9]{1,4}) *, *([0-9]{1,4}) *$/.exec(text);
  const pair = [Number(digits?.[1]), Number(digits?.[2])] as const;
  if (digits === null || pair.some((node) => node >= MAX_NUMNODES)) {
    throw new BadValue(`"${excerpt(text)}" is not a pair of nodes`);
  }
  return pair;
}

/** `vm_flags`: mnemonics of the VmFlags line of /proc/PID/smaps (proc_pid_smaps(5)), each once. */
const vmFlags: ValueForm<readonly string[]> = {
  allowed: "flags of two small letters, separated by blanks, in fewer than 256 bytes",
  read: (raw, warn) => {
    const text = unescapeString(raw);
    if (byteLength(text) > 255) throw new BadValue(`${byteLength(text)} bytes long`);
    const flags = text.split(/[ \t]+/).filter((flag) => flag !== "");
    if (flags.length === 0) throw new BadValue("no flag, leave the key out to scan every VMA");
    const wrong = flags.find((flag) => !/^[a-z]{2}$/.test(flag));
    if (wrong !== undefined) throw new BadValue(`"${excerpt(wrong)}" is not a flag`);
    if (!flags.includes("ht")) warn("does not have ht, the only flag for memory on AEP");
    return [...new Set(flags)];
  },
};

const engineKeys = {
  node_pair: {
    form: nodePairs,
    mandatory: true,
    meaning: "pairs of NUMA nodes, the slow one (AEP) and DRAM",
    example: "2,0;3,1",
  },
  hot_threshold: {
    form: natural,
    mandatory: true,
    meaning: "accesses in a round from which memory is hot",
    example: "1",
  },
  node_mig_quota: {
    form: natural,
    mandatory: true,
    meaning: "MB that move at most per direction, round and pair",
    example: "1024",
  },
  node_hot_reserve: {
    form: natural,
    mandatory: true,
    meaning: "MB that are kept free for hot memory in DRAM",
    example: "1024",
  },
} satisfies Keys;

const taskKeys = {
  vm_flags: {
    form: vmFlags,
    mandatory: false,
    meaning: "scan only VMAs with all of these flags",
    example: "ht",
  },
  anon_only: {
    form: yesNo,
    mandatory: false,
    default: "no",
    meaning: "scan anonymous memory only",
    example: "no",
  },
  ign_host: {
    form: yesNo,
    mandatory: false,
    default: "no",
    meaning: "ignore accesses of the host to guest memory",
    example: "no",
  },
} satisfies Keys;

/** cslide keeps hot memory in DRAM and cold memory on slow nodes. */
export const CSLIDE: EngineConfig<
  CslideEngineDescription,
  CslideTaskDescription,
  typeof engineKeys,
  typeof taskKeys
> = {
  kind: "cslide",
  engineKeys,
  taskKeys,
  compileEngine: (values, project) => ({
    kind: "cslide",
    project,
    name: "cslide",
    nodePairs: values.node_pair,
    hotThreshold: values.hot_threshold,
    nodeMigQuotaMb: values.node_mig_quota,
    nodeHotReserveMb: values.node_hot_reserve,
  }),
  compileTask: (values, common) => ({
    kind: "cslide",
    ...common,
    vmFlags: values.vm_flags ?? [],
    anonOnly: values.anon_only,
    ignHost: values.ign_host,
  }),
};
