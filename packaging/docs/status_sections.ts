import { ROUND_FIGURES } from "../../src/status/round_figures.ts";
import { ROUND_PHASES } from "../../src/status/round_phases.ts";
import type { Section } from "./fill_in.ts";
import { markdownTable } from "./markdown_table.ts";

/** Tables of the fields of a round, for docs/status.md. */
export const STATUS_SECTIONS: readonly Section[] = [
  {
    name: "figures of a round",
    make: () =>
      markdownTable(
        ["field", "unit", "in `total`", "meaning"],
        ROUND_FIGURES.map((figure) => [
          `\`${figure.name}\``,
          figure.unit,
          figure.unit === "bytes" && figure.inTotal ? "yes" : "",
          figure.meaning,
        ]),
      ),
  },
  {
    name: "phases of a round",
    make: () =>
      markdownTable(
        ["field", "meaning"],
        ROUND_PHASES.map(({ name, meaning }) => [`\`${name}\``, meaning]),
      ),
  },
];
