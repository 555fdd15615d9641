/** Bytes of every value in the store. */
export const VALUE_BYTES = 1000;

/** The key of a number. */
export function keyName(number: number): string {
  return `session:${number}`;
}

/**
 * The value that belongs to a key: text that tells key, version and place in every part of it, so
 * that a page that came back wrong, or to the wrong place, shows.
 * @param version how often the value was replaced.
 */
export function storedValue(number: number, version: number): Buffer {
  const part = `key ${String(number).padStart(7, "0")} version ${
    String(version).padStart(7, "0")
  } at `;
  let text = "";
  while (text.length < VALUE_BYTES) {
    text += `${part}${String(text.length).padStart(4, "0")}; `;
  }
  return Buffer.from(text.slice(0, VALUE_BYTES), "latin1");
}
