import { describe, expect, test } from "bun:test";
import { layoutOf, TABLE_ENTRIES } from "../../../src/page_table/page_table_layout.ts";
import { FOUND, TableDecoder } from "../../../src/page_table/table_decoder.ts";
import { ABSENT, RECORDED_ENTRIES } from "./recorded_entries.ts";

const HUGE = /^(huge|was huge)/;
/** What leaves a page without its accessed bit, and what does not write to it. */
const IDLE: ReadonlySet<string> = new Set([
  "written, cleared",
  "written, MADV_COLD",
  "private file, cleared",
  "huge, written, cleared, forked",
]);
const CLEAN: ReadonlySet<string> = new Set([
  "page of zeros, read",
  "huge page of zeros, read",
  "read back from swap",
  "private file, cleared",
  "private file, read",
  "shared file, read",
]);

for (const { about, arch, kernelAddress, protNone, entries } of RECORDED_ENTRIES) {
  describe(`TableDecoder for ${about}`, () => {
    const layout = layoutOf(arch, 4096, kernelAddress, protNone);
    if (layout === undefined) throw new Error(`no layout for ${about}`);
    const zeroFrame = entries["page of zeros, read"]?.[1] ?? ABSENT;
    const decoder = new TableDecoder(layout, zeroFrame);
    const base = Object.entries(entries).filter(([what]) => !HUGE.test(what));

    test("decode() finds what was done to base pages", () => {
      const words = new Int32Array(BigUint64Array.from(base, ([, [entry]]) => entry).buffer);
      decoder.decode(words, 0, 0, base.length);
      const found = base.map(([what], i) => [what, decoder.found[i]]);
      const expected = base.map(([what, [, frame]]) => {
        if (frame === ABSENT || frame === zeroFrame) return [what, FOUND.absent];
        return [what, IDLE.has(what) ? FOUND.idle : FOUND.accessed];
      });
      expect(found).toEqual(expected);
      expect(base.length).toBeLessThan(TABLE_ENTRIES);
    });

    for (const [what, [entry, frame]] of Object.entries(entries)) {
      test(`entry() reads one that is ${what}`, () => {
        const [low, high] = new Int32Array(BigUint64Array.of(entry).buffer);
        const read = decoder.entry(low!, high!, HUGE.test(what) ? 1 : 0);
        expect(read.isPresent).toBe(frame !== ABSENT);
        if (!read.isPresent) return;
        expect(read).toMatchObject({
          isAccessed: !IDLE.has(what),
          isDirty: !CLEAN.has(what),
          frame,
        });
      });
    }
  });
}
