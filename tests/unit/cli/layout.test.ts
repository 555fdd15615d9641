import { expect, test } from "bun:test";
import { columns } from "../../../src/cli/layout.ts";

test("columns() goes on in the next line where no more cells fit into 100 columns", () => {
  const cells = ["asked", "moved", "of asked", "came back", "freed"].map((label, i) =>
    [label, `${i} MiB`] as const
  );
  expect(columns("    ", cells)).toBe(
    "    asked     0 MiB       moved     1 MiB       of asked  2 MiB       came back 3 MiB\n" +
      "    freed     4 MiB\n",
  );
});
