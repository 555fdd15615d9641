import type { MoverKind } from "./mover.ts";
import { PROCESS_MADVISE } from "./mover_process_madvise.ts";
import { SWAP_PAGES } from "./mover_swap_pages.ts";

/** All movers to swap, best first. */
export const MOVERS = [SWAP_PAGES, PROCESS_MADVISE] as const satisfies readonly MoverKind[];

export type MoverName = (typeof MOVERS)[number]["name"];
