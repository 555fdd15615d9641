import { PAGE_SIZE } from "../../ffi/libc.ts";
import { findPageTables } from "./find_page_tables.ts";
import { type KernelFacts, readKernelFacts } from "./kernel_facts.ts";
import { loadWalk, WALK_VARIANTS, type WalkVariant } from "./loaded_walk.ts";
import { PAGE_SHIFT, tableFormOf } from "./page_table_layout.ts";
import { type PageTablePlace, PageTableReader } from "./page_table_reader.ts";
import { PageTablesMissing } from "./page_tables_missing.ts";
import { because } from "../reason/reasons.ts";

/** A reader is closed when it was not used for so long: threads without work end after 30 s. */
const KEPT_MS = 5_000;

/** What this thread has found out; it holds for as long as the kernel runs. */
let facts: KernelFacts | undefined;
let place: PageTablePlace | undefined;

/** The reader of this thread. */
let kept: PageTableReader | undefined;
let timer: Timer | undefined;

/**
 * Loads a walk program. The first time in a thread it finds out where page tables are, too.
 * @param variants by default those that the product uses.
 * @throws {PageTablesMissing | SystemCallError}
 */
export function openReader(variants: readonly WalkVariant[] = WALK_VARIANTS): PageTableReader {
  const form = PAGE_SIZE === 2 ** PAGE_SHIFT ? tableFormOf(process.arch) : undefined;
  if (form === undefined) {
    const machine = `${process.arch}, pages of ${PAGE_SIZE} bytes`;
    throw new PageTablesMissing(because("page_tables_unknown", machine));
  }
  facts ??= readKernelFacts();
  const walk = loadWalk(facts, form, variants);
  try {
    place ??= findPageTables(walk);
    return new PageTableReader(walk, place);
  } catch (error) {
    walk[Symbol.dispose]();
    throw error;
  }
}

/**
 * The reader of this thread, loaded when it is asked for and closed soon after it was asked for
 * last. A thread asks for it at the beginning of a piece of work, and disposes of nothing.
 * @throws {PageTablesMissing | SystemCallError}
 */
export function keptReader(): PageTableReader {
  const reader = kept ??= openReader();
  clearTimeout(timer);
  timer = setTimeout(closeKept, KEPT_MS);
  timer.unref();
  return reader;
}

function closeKept(): void {
  kept?.[Symbol.dispose]();
  kept = undefined;
}
