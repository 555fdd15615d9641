import { FOLDERS, type Room, ROOMS } from "../../tests/tools/layering/rooms.ts";
import type { Section } from "./fill_in.ts";
import { markdownTable } from "./markdown_table.ts";

/** The place of a room in the tree. */
function placeOf(name: string): string {
  if (name === "main") return "main.ts";
  return name === "ffi" ? "ffi" : `src/${name}`;
}

/** An entry of a room's lists as people name it: a room by its name, a file without `src/`. */
function entryName(entry: string): string {
  return entry.includes(".") ? `\`${entry.replace(/^src\//, "")}\`` : entry;
}

/** What a room may import: `rpc, options; types of status`. */
function importsCell({ imports, types = [] }: Room): string {
  const whole = imports.map(entryName).join(", ");
  if (types.length === 0) return whole;
  return `${whole === "" ? "" : `${whole}; `}types of ${types.map(entryName).join(", ")}`;
}

/** Tables of rooms and folders, of tests/tools/layering/rooms.ts. */
export const ROOM_SECTIONS: readonly Section[] = [
  {
    name: "folders of the tree",
    make: () =>
      markdownTable(["place", "what lies there"], [
        ...Object.entries(ROOMS).map(([name, { about }]) => [`\`${placeOf(name)}\``, about]),
        ...Object.entries(FOLDERS).map(([path, about]) => [`\`${path}\``, about]),
      ]),
  },
  {
    name: "imports of the rooms",
    make: () =>
      markdownTable(
        ["room", "may import", "I/O"],
        Object.entries(ROOMS).map(([name, room]) => [
          name,
          importsCell(room),
          room.pure === true ? "none" : "",
        ]),
      ),
  },
];
