import type { Section } from "./fill_in.ts";
import { KEY_SECTIONS } from "./key_sections.ts";
import { REASON_SECTIONS } from "./reason_sections.ts";
import { ROOM_SECTIONS } from "./room_sections.ts";
import { STATUS_SECTIONS } from "./status_sections.ts";

/**
 * What Markdown files show of the program's tables. To add a section: a line here, and in a file at
 * the top or in docs/ the lines `<!-- npm run docs makes: NAME -->` and `<!-- end -->`.
 */
export const SECTIONS: readonly Section[] = [
  ...KEY_SECTIONS,
  ...REASON_SECTIONS,
  ...ROOM_SECTIONS,
  ...STATUS_SECTIONS,
];
