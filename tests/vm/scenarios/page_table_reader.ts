import { messageOf } from "../../../src/text/message_of.ts";
import type { WalkVariant } from "../../../src/page_table/loaded_walk.ts";
import { openReader } from "../../../src/page_table/open_reader.ts";
import { selfTest } from "../../../src/page_table/self_test.ts";
import { whyNoPageTables } from "../../../src/page_table/why_no_page_tables.ts";
import { demand, note } from "../guest/demand.ts";
import type { Scenario } from "../scenario.ts";

const VARIANTS: readonly WalkVariant[] = [
  { run: "syscall", loop: "bpf_loop" },
  { run: "iterator", loop: "bpf_loop" },
  { run: "syscall", loop: "bounded" },
  { run: "iterator", loop: "bounded" },
];

/** Loads one way to walk and reads pages of this process by it. @returns what went wrong. */
function tryVariant(variant: WalkVariant, levels: number): string | undefined {
  try {
    using reader = openReader([variant]);
    const found = reader.layout.levels;
    return found === levels ? selfTest(reader) : `it reads page tables of ${found} levels`;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Each way to walk page tables that a kernel has reads those of this process rightly, and the
 * product takes one of them.
 * @param kernel how the kernel is called in the name.
 * @param lacks words of the ways that this kernel does not have.
 */
export function pageTableReader(
  kernel: string,
  levels: 4 | 5,
  lacks: readonly (WalkVariant["run"] | WalkVariant["loop"])[] = [],
): Scenario {
  return {
    name: `page_table_reader_${kernel}_${levels}_levels`,
    deadlineSeconds: 200,
    run(): Promise<void> {
      for (const variant of VARIANTS) {
        const began = performance.now();
        const wrong = tryVariant(variant, levels);
        const isThere = !lacks.includes(variant.run) && !lacks.includes(variant.loop);
        note({ ...variant, ms: performance.now() - began, wrong });
        demand(
          (wrong === undefined) === isThere,
          `${variant.run} with ${variant.loop}: ${wrong ?? "the kernel was said to lack it"}`,
        );
      }
      const why = whyNoPageTables();
      demand(why === undefined, `page tables cannot be read: ${why}`);
      return Promise.resolve();
    },
  };
}
