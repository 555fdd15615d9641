import { cString } from "../../ffi/libc.ts";

/** Kinds of types (Documentation/bpf/btf.rst) in their place in the info word. */
const INT = 1 << 24;
const PTR = 2 << 24;
const FUNC = 12 << 24;
const FUNC_PROTO = 13 << 24;
/** How a function is linked stands where other types have the number of their members. */
const STATIC = 0;
const GLOBAL = 1;
/** Encoding of an int: signed, 32 bits. */
const INT_32 = 1 << 24 | 32;

const STRINGS = cString("\0main\0step\0int\0index\0context");
/** Places of those strings. */
const NAME = { main: 1, step: 6, int: 11, index: 15, context: 21 };

const HEADER_BYTES = 24;

/** Ids of the two functions in the BTF of a program. */
export const FUNCTION_IDS = { main: 4, step: 6 } as const;

/** A type a line, of ids 1 to 6. */
const TYPES = Uint32Array.from([
  [NAME.int, INT, 4, INT_32],
  [0, PTR, 0],
  [0, FUNC_PROTO | 1, 1, NAME.context, 2],
  [NAME.main, FUNC | GLOBAL, 3],
  [0, FUNC_PROTO | 2, 1, NAME.index, 1, NAME.context, 2],
  [NAME.step, FUNC | STATIC, 5],
].flat());

/**
 * BTF that says what the functions of a program with a step function are, without which the kernel
 * takes no function to call back: int main(void *context), and
 * static int step(int index, void *context).
 */
export function programBtf(): Uint8Array {
  const types = new Uint8Array(TYPES.buffer);
  const header = new Uint32Array(
    [0x01_eb9f, HEADER_BYTES, 0, types.length, types.length, STRINGS.length],
  );
  return Buffer.concat([new Uint8Array(header.buffer), types, STRINGS]);
}
