import * as fc from "fast-check";

/** Bytes that text formats give a meaning to. */
export const BYTES_OF_NOTE: readonly Uint8Array[] = "\n\r\t =[]#;\\\0-1é".split("").map((
  character,
) => Buffer.from(character));

/**
 * Inputs with some bytes overwritten, inserted or taken away.
 * @param tokens what is put in, besides any byte.
 */
export function mutated(
  originals: fc.Arbitrary<Uint8Array>,
  tokens: readonly Uint8Array[],
): fc.Arbitrary<Uint8Array> {
  const put = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...tokens) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
  );
  const change = fc.tuple(fc.nat(0xffff), fc.nat(3), put);
  return fc.tuple(originals, fc.array(change, { minLength: 1, maxLength: 6 })).map(
    ([original, changes]) =>
      changes.reduce<Uint8Array>((bytes, [place, drop, piece]) => {
        const at = Math.floor((place / 0x10000) * (bytes.length + 1));
        return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + drop)]);
      }, original),
  );
}
