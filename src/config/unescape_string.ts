import { BadValue } from "./bad_value.ts";
import { excerpt } from "./excerpt.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  s: " ",
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
};

/** Resolves the escapes of a value as g_key_file_get_string does. @throws {BadValue} for another escape. */
export function unescapeString(value: string): string {
  return value.replaceAll(/\\(.?)/gsu, (escape: string, character: string) => {
    const plain = ESCAPES[character];
    if (plain !== undefined) return plain;
    throw new BadValue(
      character === ""
        ? "a single \\ at its end, a backslash is written \\\\"
        : `the escape ${excerpt(escape)} in it, escapes are \\s \\n \\t \\r \\\\`,
    );
  });
}
