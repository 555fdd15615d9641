import { dlopen, type Pointer, toArrayBuffer } from "bun:ffi";
import { cString } from "./libc.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // void *calloc(size_t nmemb, size_t size)
  calloc: { args: ["u64", "u64"], returns: "ptr" },
  // void free(void *ptr)
  free: { args: ["ptr"], returns: "void" },
});

/** A view of memory that C code owns. */
export function viewAt(address: number, sizeBytes: number): DataView {
  return new DataView(toArrayBuffer(address, 0, sizeBytes));
}

/**
 * Zeroed memory of the C heap: it stays where it is until it is freed, which garbage does not do.
 */
export class CMemory implements Disposable {
  /** Of its first byte, until it is freed. */
  readonly address: number;
  readonly sizeBytes: number;
  #isFree = false;

  /** @throws {RangeError} when there is no memory. */
  constructor(sizeBytes: number) {
    const address = Number(libc.calloc(1, sizeBytes) ?? 0);
    if (address === 0) throw new RangeError(`Cannot allocate ${sizeBytes} bytes: no memory`);
    this.address = address;
    this.sizeBytes = sizeBytes;
  }

  /** A NUL-terminated string. @throws {RangeError} when there is no memory. */
  static string(text: string): CMemory {
    const bytes = cString(text);
    const memory = new CMemory(bytes.length);
    new Uint8Array(memory.view().buffer).set(bytes);
    return memory;
  }

  /** The memory itself, not to be used once it is freed. */
  view(): DataView {
    return viewAt(this.address, this.sizeBytes);
  }

  /** Frees it, once. */
  [Symbol.dispose](): void {
    if (this.#isFree) return;
    this.#isFree = true;
    libc.free(this.address as Pointer);
  }
}
