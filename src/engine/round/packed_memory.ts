import { deserialize, serialize } from "node:v8";
import { transferablesOf } from "../../worker/messages.ts";
import type { KeptMemory, ProcessMemory } from "./scan_step.ts";

/** What has more bytes in its arrays stays as it is: to pack it would take longer than a scan. */
const MOST_BYTES = 65_536;

/**
 * Packs what is kept of a small process: 22 KB in 57 objects become some 500 bytes in one array.
 * With thousands of processes the main thread would spend its time on such objects when garbage is
 * collected, and when it hands them to threads.
 */
export function packMemory(memory: KeptMemory): KeptMemory {
  if ("packed" in memory) return memory;
  const bytes = transferablesOf(memory).reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes > MOST_BYTES) return memory;
  return { packed: Bun.deflateSync(new Uint8Array(serialize(memory)), { level: 1 }) };
}

/** Undoes packMemory(). */
export function unpackMemory(memory: KeptMemory): ProcessMemory {
  if (!("packed" in memory)) return memory;
  return deserialize(Bun.inflateSync(memory.packed)) as ProcessMemory;
}
