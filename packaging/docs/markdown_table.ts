/**
 * A table in Markdown, its columns aligned as `deno fmt` aligns them; without a line end behind it.
 * @param rows as many cells each as `head` has, in Markdown; a `|` in them is escaped here.
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) =>
    Math.max(3, ...lines.map((cells) => Bun.stringWidth(cells[column] ?? "")))
  );
  const padded = lines.map((cells) =>
    widths.map((width, column) => {
      const cell = cells[column] ?? "";
      return `${cell}${" ".repeat(width - Bun.stringWidth(cell))}`;
    })
  );
  const rule = widths.map((width) => "-".repeat(width));
  const [first = [], ...rest] = padded;
  return [first, rule, ...rest].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
