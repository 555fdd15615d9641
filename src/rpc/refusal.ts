/** First words of every failure the server answers with; scripts compare them. */
export const FIRST_WORDS = {
  invalid: "error: invalid parameters",
  projectExists: "error: project has been existed",
  noProject: "error: project is not exist",
  projectStarted: "error: project has been started",
  projectStopped: "error: project has been stopped",
  engineExists: "error: engine has been existed",
  noEngine: "error: engine is not exist",
  taskExists: "error: task has been existed",
  noTask: "error: task is not exist",
  incomplete: "error: not all memory is back",
  internal: "error: etmemd has internal error",
} as const;

/** What a refusal is about: a key of FIRST_WORDS, and its name in v2. */
export type RefusalKind = keyof typeof FIRST_WORDS;

/** A request that the server refuses; `message` is the one-line answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? FIRST_WORDS[kind] : `${FIRST_WORDS[kind]}: ${detail}`, options);
    this.kind = kind;
  }

  /** The message as it stands behind other words. */
  get problem(): string {
    return this.message.replace(/^error: /, "");
  }
}
