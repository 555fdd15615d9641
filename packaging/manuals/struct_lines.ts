import type { CStructText } from "./c_header.ts";

/** A struct as a listing, with the size and the offset of each member as comments. */
export function structLines({ name, sizeBytes, members }: CStructText): string[] {
  const lines = members.map(({ declaration }) => `    ${declaration};`);
  const width = Math.max(...lines.map((line) => line.length), `struct ${name} {`.length);
  return [
    "----",
    `${`struct ${name} {`.padEnd(width)}  /* ${sizeBytes} bytes */`,
    ...lines.map((line, index) =>
      `${line.padEnd(width)}  /* ${String(members[index]?.offset).padStart(3)} */`
    ),
    "};",
    "----",
  ];
}
