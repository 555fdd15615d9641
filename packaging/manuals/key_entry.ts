import type { KeySpec } from "../../src/config/key_table.ts";
import { bold, plain, sentence } from "./inline_text.ts";

/**
 * The entry of a key: meaning, what is allowed, default, example.
 * @throws {Error} when the example is not what the key allows without a warning.
 */
export function keyEntry(key: string, spec: KeySpec<unknown>, example: string): string[] {
  refuseWrong(key, spec, example);
  const presence = spec.mandatory
    ? "Mandatory."
    : spec.default === undefined
    ? "Optional."
    : `Default: ${plain(spec.default)}.`;
  return [
    `${bold(`${key}=`)}::`,
    sentence(spec.meaning),
    "+",
    `Allowed: ${plain(spec.form.allowed)}. ${presence} Example: ${bold(`${key}=${example}`)}`,
  ];
}

function refuseWrong(key: string, spec: KeySpec<unknown>, example: string): void {
  const warnings: string[] = [];
  try {
    spec.form.read(example, (warning) => warnings.push(warning));
  } catch (cause) {
    throw new Error(
      `Cannot describe key "${key}": its example "${example}" is not allowed, allowed is ${spec.form.allowed}`,
      { cause },
    );
  }
  if (warnings.length > 0) {
    throw new Error(
      `Cannot describe key "${key}": its example "${example}" is warned about: ${
        warnings.join("; ")
      }`,
    );
  }
}
