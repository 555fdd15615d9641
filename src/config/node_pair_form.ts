import { BadValue } from "./bad_value.ts";
import type { NodePair } from "./description.ts";
import { excerpt } from "./excerpt.ts";
import { readString, type ValueForm } from "./value_form.ts";

/** MAX_NUMNODES of include/linux/numa.h where it is largest (CONFIG_NODES_SHIFT=10). */
const MAX_NUMNODES = 1024;

/** `node_pair`: pairs in the order of the file. */
export const nodePairs: ValueForm<readonly NodePair[]> = {
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
