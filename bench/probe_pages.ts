import type { Layout } from "./page_memory_layouts.ts";

/** What it takes to keep the counts of pages. */
export interface Probe {
  /** Growth of the process at its peak. */
  readonly bytes: number;
  /** CPU time of one scan into the counts, and of finding out what is cold. */
  readonly scanSeconds: number;
  readonly classifySeconds: number;
}

/** Has a fresh process count so many present pages. @throws {Error} when it fails. */
export function probePages(layout: Layout, pages: number): Probe {
  const program = `${import.meta.dir}/page_memory_probe.ts`;
  const command = [process.execPath, program, layout.name, String(pages)];
  const { success, stdout } = Bun.spawnSync(command, { stderr: "inherit" });
  if (!success) throw new Error(`${layout.name}: the probe failed`);
  return JSON.parse(stdout.toString()) as Probe;
}
