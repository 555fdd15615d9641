/** A list whose entries are made one by one, when they are asked for: no array, no text. */
export type LazyList = Iterable<object>;

/**
 * The JSON text of an object in pieces, none larger than an entry of a lazy list. Such a list may
 * be a property of the object, and of the entries of a lazy list. An entry is made when the piece
 * before it has been taken.
 */
export function* jsonPieces(value: object): Generator<string> {
  if (isLazy(value)) yield* listPieces(value);
  else if (Object.values(value).some(isLazy)) yield* objectPieces(value);
  else yield JSON.stringify(value);
}

function* listPieces(list: LazyList): Generator<string> {
  let separator = "[";
  for (const entry of list) {
    yield separator;
    yield* jsonPieces(entry);
    separator = ",";
  }
  yield separator === "[" ? "[]" : "]";
}

function* objectPieces(value: object): Generator<string> {
  let separator = "{";
  for (const [name, property] of Object.entries(value) as [string, unknown][]) {
    if (property === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    if (isLazy(property)) yield* listPieces(property);
    else yield JSON.stringify(property);
    separator = ",";
  }
  yield "}";
}

function isLazy(value: unknown): value is LazyList {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Symbol.iterator in value;
}
