/** What workers can do: by name, a request and its reply. */
export type JobTable = Readonly<
  Record<string, { readonly request: object; readonly reply: object }>
>;

/** The functions behind a table of jobs. */
export type JobFunctions<J extends JobTable> = {
  readonly [K in keyof J]: (request: J[K]["request"]) => J[K]["reply"];
};

/** What the pool sends to a worker. */
export interface Order {
  readonly job: string;
  readonly request: object;
}

/** What a worker says of itself when it begins. */
export interface Greeting {
  /** The kernel's number of its thread. */
  readonly tid: number;
}

/** What a worker answers: the reply, or why there is none. */
export interface Answer {
  readonly reply?: object;
  readonly error?: string;
}

/**
 * The memory of a message that is handed over instead of copied: that of every typed array in it,
 * but for shared memory. The sender's arrays are empty afterwards.
 */
export function transferablesOf(message: object): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (ArrayBuffer.isView(value)) {
      if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
    } else if (value instanceof ArrayBuffer) {
      found.add(value);
    } else if (Array.isArray(value)) {
      // Thousands of numbers are no place to look for arrays.
      if (typeof value[0] === "object") { for (const item of value) visit(item); }
    } else if (!(value instanceof SharedArrayBuffer)) {
      for (const item of Object.values(value)) visit(item);
    }
  };
  visit(message);
  return [...found];
}
