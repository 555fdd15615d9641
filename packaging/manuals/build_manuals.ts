import { join } from "node:path";
import { VERSION } from "../../src/options/version.ts";
import { convertManual } from "./convert_manual.ts";
import { ManualParts } from "./manual_parts.ts";

const SOURCES = join(import.meta.dir, "../../docs/man");

/** The manual pages. @internal */
export const MANUALS = ["etmemd.8", "etmem.1", "etmem.conf.5", "etmem-engine.3"] as const;

/**
 * Makes all manual pages. @returns each page in man(7) by its file name.
 * @throws {Error} when a page cannot be converted, or an option,
 * a key or the like is described nowhere.
 */
export async function buildManuals(): Promise<Map<string, string>> {
  const parts = new ManualParts();
  const pages = new Map<string, string>();
  // One after the other: Asciidoctor has one logger for all conversions.
  for (const name of MANUALS) {
    pages.set(name, await convertManual(join(SOURCES, `${name}.adoc`), parts, VERSION));
  }
  const left = parts.left();
  if (left.length > 0) throw new Error(`Cannot finish the manuals: no page has ${left.join(", ")}`);
  return pages;
}
