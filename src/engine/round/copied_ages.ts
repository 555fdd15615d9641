import { PageAges, type PageAgesData } from "../../tracker/page_ages.ts";
import { unpackMemory } from "./packed_memory.ts";
import type { KeptMemory, PackedMemory } from "./scan_step.ts";

/** A copy of the ages of a process's pages, to be handed to a thread. */
export type CopiedAges = PackedMemory | {
  readonly memoryId: string;
  readonly ages: PageAgesData;
};

/** @returns undefined where no ages are kept. */
export function copyAges(memory: KeptMemory): CopiedAges | undefined {
  if ("packed" in memory) return { packed: memory.packed.slice() };
  const { memoryId, history } = memory;
  return history && { memoryId, ages: structuredClone(history.ages) };
}

/** The ages of a copy, and of which address space they are; undefined where none are kept. */
export function agesOf(
  copy: CopiedAges,
): { readonly memoryId: string; readonly ages: PageAges } | undefined {
  const memory = "packed" in copy ? unpackMemory(copy) : { history: copy, ...copy };
  const { memoryId, history } = memory;
  return history && { memoryId, ages: PageAges.fromData(history.ages) };
}
