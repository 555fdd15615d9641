/** One thing that the doctor has found. */
export interface Finding {
  /** Whether it keeps etmem from its work, or is only worth knowing. */
  readonly weight: "hinders" | "note";
  /** What it is about: "swap", `project "test", task "web"`. */
  readonly about: string;
  readonly found: string;
  readonly meaning: string;
  /** What mends it, in words. */
  readonly remedy: string;
  readonly commands: readonly string[];
}

/** Takes what a check finds. */
export interface Report {
  readonly add: (finding: Finding) => void;
  /** Notes what could not be looked at, and why. */
  readonly unseen: (what: string) => void;
}
