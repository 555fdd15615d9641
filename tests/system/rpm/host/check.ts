/** Something that must hold of the packages, looked at on this host. */
export interface Check {
  /** Lower case words joined by `_`; unique. */
  readonly name: string;
  /** A check fails by throwing. */
  run(built: Built): void;
}

/** What was built. */
export interface Built {
  /** Holds the logs and a folder of rpms for each release. */
  readonly folder: string;
  /** Paths of the rpms, by release. */
  readonly rpms: ReadonlyMap<number, readonly string[]>;
  /** A root folder that the first release is installed in. */
  readonly root: string;
}
