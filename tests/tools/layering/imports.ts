/**
 * An import or re-export declaration, an `import()` or `require()`, or a file named by `new URL()`.
 */
export interface Import {
  readonly specifier: string;
  /** By `import type` or `export type`: gone when the program runs. */
  readonly typeOnly: boolean;
}

// `deno fmt` keeps declarations at the beginning of a line and modules in double quotes, and a gate
// that runs before this one checks it; a match inside a comment or string is at worst a false
// alarm.
const DECLARATION =
  /^(?:import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?[^"';]*?\bfrom\s*["']([^"']+)["']/gm;
const SIDE_EFFECT = /^import\s*["']([^"']+)["']/gm;
const CALL = /\b(?:import|require)\s*\(\s*["']([^"']+)["']/g;
const FILE_URL = /\bnew\s+(?:URL|Worker)\s*\(\s*["'](\.[^"']+)["']/g;

/** What the text of a TypeScript file imports, types too, in the order of the forms above. */
export function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const match of source.matchAll(DECLARATION)) {
    found.push({ specifier: match[2] ?? "", typeOnly: match[1] !== undefined });
  }
  for (const pattern of [SIDE_EFFECT, CALL, FILE_URL]) {
    for (const match of source.matchAll(pattern)) {
      found.push({ specifier: match[1] ?? "", typeOnly: false });
    }
  }
  return found;
}

/** Whether a file does nothing but hand on what other files export. */
export function isBarrel(source: string): boolean {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const rest = code.replaceAll(
    /^(?:import\b[^"';]*?\bfrom\s*["'][^"']+["']|export\b[^"';]*?\bfrom\s*["'][^"']+["']|export\s*(?:type\s*)?\{[^}]*\});?/gm,
    "",
  );
  return /^export\b/m.test(code) && rest.trim() === "";
}
