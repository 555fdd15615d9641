import { EXPLANATIONS } from "../../src/doctor/explanations.ts";
import { REASONS } from "../../src/reason/reasons.ts";
import type { Section } from "./fill_in.ts";
import { markdownTable } from "./markdown_table.ts";

/** What stands for a detail, or for the name of a project. */
function withoutPlaces(text: string): string {
  return text.replaceAll(/\{\w*\}/g, "…");
}

/** The reasons that status gives, for docs/troubleshooting.md. */
export const REASON_SECTIONS: readonly Section[] = [
  {
    name: "reasons of status",
    make: () =>
      markdownTable(
        ["reason", "what it means", "what mends it"],
        REASONS.filter(([name]) => name !== "failed").map(([name, text]) => [
          `\`${withoutPlaces(text)}\``,
          withoutPlaces(EXPLANATIONS[name].meaning),
          EXPLANATIONS[name].remedy,
        ]),
      ),
  },
];
