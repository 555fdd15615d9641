import type { KeySpec } from "../../src/config/key_table.ts";
import { bold, plain, sentence } from "./inline_text.ts";

/** The entry of a key: meaning, what is allowed, default, example. */
export function keyEntry(key: string, spec: KeySpec<unknown>): string[] {
  const presence = spec.mandatory
    ? "Mandatory."
    : spec.default === undefined
    ? "Optional."
    : `Default: ${plain(spec.default)}.`;
  return [
    `${bold(`${key}=`)}::`,
    sentence(spec.meaning),
    "+",
    `Allowed: ${plain(spec.form.allowed)}. ${presence} Example: ${bold(`${key}=${spec.example}`)}`,
  ];
}
