/** What a client asks of the server; the same whether it came over v1 or v2. */
export type Request =
  /** Takes in what a configuration file describes. */
  | { readonly command: "obj_add"; readonly file: string }
  /** Removes what a configuration file names. */
  | { readonly command: "obj_del"; readonly file: string }
  | {
    readonly command: "project_start";
    readonly project: string;
    /** Nothing is to be moved, whatever the configuration says; only v2 carries it. */
    readonly dryRun?: true;
  }
  | { readonly command: "project_stop"; readonly project: string }
  /**
   * Brings back what the tasks of a stopped project have moved to swap, or one task of it. Only v2
   * carries it.
   */
  | {
    readonly command: "project_restore";
    readonly project: string;
    readonly task?: string;
    /** MiB a second, 1 to 100000; absent: as fast as it goes. */
    readonly rateMib?: number;
    /** Only while MemAvailable is above so much of MemTotal, 1 to 99 percent; absent: 10. */
    readonly keepFreePercent?: number;
  }
  /** The table of one project, or of all. */
  | { readonly command: "project_show"; readonly project?: string }
  /** A private command of an engine. `json` asks for one JSON document; only v2 carries it. */
  | {
    readonly command: "engine";
    readonly project: string;
    readonly engine: string;
    readonly engineCommand: string;
    readonly task?: string;
    readonly json: boolean;
  }
  /** The HistogramDocument of a project, or of one of its tasks. Only v2 carries it. */
  | {
    readonly command: "histogram";
    readonly project: string;
    readonly task?: string;
    /** Some cold pages are to be read, and compressed. */
    readonly estimateCompression?: true;
  }
  /** The AdviceDocument of a project. Only v2 carries it. */
  | {
    readonly command: "advise";
    readonly project: string;
    /** The most that a process shall wait, in percent of its time: 0.01 to 100. */
    readonly stallLimitPercent?: number;
  }
  /**
   * The ServerStatus document, with one project or all. Only v2 carries it. Of the rounds of a task
   * it has the newest `rounds`, and no more than `endedRounds` that have ended; else all that are
   * known.
   */
  | {
    readonly command: "status";
    readonly project?: string;
    readonly rounds?: number;
    readonly endedRounds?: number;
  };
