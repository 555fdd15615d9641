/** How a soak stands. */
export interface Standing {
  readonly seconds: number;
  readonly rounds: number;
  readonly movedBytes: number;
  readonly cameBackBytes: number;
  /** Of clients that did what they meant to. */
  readonly answers: number;
  readonly commands: number;
  /** Started so far. */
  readonly targets: number;
  readonly rssAnonBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly faults: number;
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const COLUMNS: readonly {
  readonly name: string;
  readonly width: number;
  readonly cell: (standing: Standing) => string;
}[] = [
  { name: "time", width: 7, cell: ({ seconds }) => `${Math.round(seconds)} s` },
  { name: "rounds", width: 6, cell: ({ rounds }) => String(rounds) },
  { name: "moved", width: 12, cell: ({ movedBytes }) => mib(movedBytes) },
  { name: "came back", width: 11, cell: ({ cameBackBytes }) => mib(cameBackBytes) },
  { name: "answers", width: 7, cell: ({ answers }) => String(answers) },
  { name: "commands", width: 8, cell: ({ commands }) => String(commands) },
  { name: "targets", width: 7, cell: ({ targets }) => String(targets) },
  { name: "RssAnon", width: 9, cell: ({ rssAnonBytes }) => mib(rssAnonBytes) },
  { name: "VmRSS", width: 9, cell: ({ rssBytes }) => mib(rssBytes) },
  { name: "fd", width: 3, cell: ({ descriptors }) => String(descriptors) },
  { name: "threads", width: 7, cell: ({ threads }) => String(threads) },
  { name: "faults", width: 6, cell: ({ faults }) => String(faults) },
];

export const LINE_HEADING: string = COLUMNS.map(({ name, width }) => name.padStart(width))
  .join("  ");

/** A line of the table that goes on while a soak runs. */
export function formatLine(standing: Standing): string {
  return COLUMNS.map(({ width, cell }) => cell(standing).padStart(width)).join("  ");
}
