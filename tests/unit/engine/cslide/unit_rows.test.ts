import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { UnitRows } from "../../../../src/engine/cslide/unit_rows.ts";

/** Kinds of rows, in runs of up to 700. */
const kinds = fc.array(
  fc.record({ kind: fc.integer({ min: 0, max: 2 }), rows: fc.integer({ min: 1, max: 700 }) }),
  { maxLength: 12 },
).map((runs) => Uint8Array.from(runs.flatMap(({ kind, rows }) => Array<number>(rows).fill(kind))));

test("UnitRows finds the rows of a kind, in ascending order and in any other", () => {
  fc.assert(
    fc.property(kinds, fc.array(fc.nat(), { maxLength: 50 }), (column, picks) => {
      for (const unit of [0, 1, 2]) {
        const rows = [...column.keys()].filter((row) => column[row] === unit);
        const found = new UnitRows(column, unit);
        expect(found.count).toBe(rows.length);
        const inOrder = found.reader();
        expect(rows.map((_, index) => inOrder(index))).toEqual(rows);
        if (rows.length === 0) continue;
        const anyhow = found.reader();
        const indices = picks.map((pick) => pick % rows.length);
        expect(indices.map(anyhow)).toEqual(indices.map((index) => rows[index]!));
      }
    }),
    { numRuns: 60 },
  );
});
