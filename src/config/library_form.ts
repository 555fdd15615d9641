import { BadValue } from "./bad_value.ts";
import { shortText, type ValueForm } from "./value_form.ts";

/** `libname`: where a third-party engine's library is. */
export const libraryPath: ValueForm<string> = shortText(
  "an absolute path of fewer than 256 bytes",
  (path) => {
    if (!path.startsWith("/")) throw new BadValue("not an absolute path");
  },
);

/** `ops_name`: a symbol that the library exports. */
export const symbolName: ValueForm<string> = shortText(
  "a symbol of fewer than 256 bytes, without blanks",
  (symbol) => {
    if (/[\p{Cc} ]/u.test(symbol)) throw new BadValue("a blank or control character in it");
  },
);
