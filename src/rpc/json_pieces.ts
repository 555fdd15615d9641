/** A list whose entries are made one by one, when they are asked for: no array, no text. */
export type LazyList = Iterable<object>;

/**
 * The JSON text of an object in pieces, none much larger than an entry of a lazy list. Such a list
 * may be a property of the object, and of the entries of a lazy list. An entry is made when the
 * piece with the one before it has been taken.
 */
export function* jsonPieces(value: object): Generator<string> {
  yield yield* pieces(value, "");
}

/**
 * @param before text in front of it that is still to be yielded.
 * @returns the text of its end, still to be yielded: what surrounds entries is no piece of its own.
 */
function* pieces(value: object, before: string): Generator<string, string> {
  if (isLazy(value)) return yield* listPieces(value, before);
  for (const name in value) {
    if (isLazy(value[name as keyof object])) return yield* objectPieces(value, before);
  }
  return before + JSON.stringify(value);
}

function* listPieces(list: LazyList, before: string): Generator<string, string> {
  let separator = `${before}[`;
  for (const entry of list) {
    yield yield* pieces(entry, separator);
    separator = ",";
  }
  return separator === "," ? "]" : `${separator}]`;
}

function* objectPieces(value: object, before: string): Generator<string, string> {
  let text = before;
  let separator = "{";
  for (const [name, property] of Object.entries(value) as [string, unknown][]) {
    if (property === undefined) continue;
    text += `${separator}${JSON.stringify(name)}:`;
    separator = ",";
    if (isLazy(property)) text = yield* listPieces(property, text);
    else text += JSON.stringify(property);
  }
  return `${text}}`;
}

function isLazy(value: unknown): value is LazyList {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Symbol.iterator in value;
}
