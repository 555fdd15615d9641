/** A member of a C struct as its header declares it. */
export interface CMember {
  /** `char *name`, without its semicolon. */
  readonly declaration: string;
  readonly name: string;
  /** Bytes from the beginning of the struct. */
  readonly offset: number;
}

/** A C struct of a header. */
export interface CStructText {
  readonly name: string;
  readonly sizeBytes: number;
  readonly members: readonly CMember[];
}

/** What the manual pages quote from a C header of ours. */
export class CHeader {
  readonly #path: string;
  readonly #text: string;

  /** @param path for messages. */
  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /**
   * A struct whose comment tells its size and offsets: "80 bytes; offsets 0 8",
   * or "24 bytes, 0 8 12 16".
   * @throws {Error} when it is not there, or has not as many members as offsets.
   */
  struct(name: string): CStructText {
    const found = new RegExp(
      `(\\d+)\\sbytes[;,](?:\\soffsets)?\\s([\\d\\s*]+)\\.\\s*\\*/\\s*struct ${name} \\{\\n(.*?)\\n\\};`,
      "s",
    ).exec(this.#text);
    if (found === null) throw this.#missing(`struct ${name} with its size and offsets`);
    const [, size = "", offsetText = "", body = ""] = found;
    const offsets = (offsetText.match(/\d+/g) ?? []).map(Number);
    const declarations = withoutComments(body).split(";").map(oneLine).filter(Boolean);
    if (declarations.length !== offsets.length) {
      throw this.#missing(`one offset for each member of struct ${name}`);
    }
    const members = declarations.map((declaration, index) => ({
      declaration,
      name: /(\w+)(?:\[\w+\])?$/.exec(declaration)?.[1] ?? "",
      offset: offsets[index] ?? NaN,
    }));
    return { name, sizeBytes: Number(size), members };
  }

  /** The members of struct engine_ops: pointers to functions, in order. */
  operations(): string[] {
    const body = /struct engine_ops \{\n(.*?)\n\};/s.exec(this.#text)?.[1] ?? "";
    return withoutComments(body).split(";").map(oneLine).filter(Boolean);
  }

  /** The prototypes of all functions, in order. */
  functions(): string[] {
    return Array.from(
      withoutComments(this.#text).matchAll(/^\w[\w *]*\w+\([^)]*\);$/gm),
      ([prototype]) => oneLine(prototype),
    );
  }

  #missing(what: string): Error {
    return new Error(`Cannot read "${this.#path}": there is no ${what}`);
  }
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*.*?\*\//gs, "");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
