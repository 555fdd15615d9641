import { formatBytes, formatCount } from "../text/quantities.ts";
import type { Reason } from "../reason/reasons.ts";

/** Memory for one reason. */
export interface MemoryByReason {
  /** For example "shared", "swap space is nearly full" or "stopped". */
  reason: string;
  bytes: number;
}

/** What the text of a line may need besides its own figure. */
export interface LineContext {
  /** present_bytes of the same round. */
  readonly presentBytes: number;
  /** What one PMD entry maps. */
  readonly pmdBytes: number;
}

/** A cell in a row of the status table. */
interface Cell<Bytes extends string> {
  /** The cells of a row stand in the order of the figures. */
  readonly row: "found" | "moved";
  readonly label: string;
  /** The label in a dry run where it is another one; null: the figure says nothing then. */
  readonly dryRunLabel?: string | null;
  /** A second cell beside it: what share of another figure this one is. */
  readonly share?: { readonly of: Bytes; readonly label: string };
}

/** A line of its own in the status table, which is left out while the figure is 0. */
interface Line {
  /** Lines about nodes and skipped processes stand between those of the account and the faults. */
  readonly among: "account" | "faults";
  readonly label: string;
  readonly text: (value: number, context: LineContext) => string;
}

interface FigureEntry<Name extends string, Unit, Shown> {
  readonly name: Name;
  readonly unit: Unit;
  /** What the figure means, for docs/status.md. */
  readonly meaning: string;
  /** How the status table shows it. */
  readonly shown: Shown;
}

interface BytesEntry<Name extends string, Shown = Cell<Name> | Line>
  extends FigureEntry<Name, "bytes", Shown> {
  /** Whether the total of a task has it too. */
  readonly inTotal: boolean;
  /** Whether the log has it in its line about a round. */
  readonly inLog: boolean;
}

type CountEntry<Name extends string> = FigureEntry<Name, "count", Line>;

/** Memory listed by reason: a line of the account for each reason. */
type ReasonsEntry<Name extends string> = FigureEntry<
  Name,
  "bytes by reason",
  { readonly label: string }
>;

type Entry = BytesEntry<`${string}_bytes`> | CountEntry<string> | ReasonsEntry<string>;

/**
 * The figures of a round, in the order of the status document. An engine says as `FigureGains` what
 * a piece of work adds to them. Everything else follows from the entry of a figure: its field in
 * the document, the total of a task, the status table, the log and docs/status.md.
 */
const TABLE = [
  {
    name: "scanned_bytes",
    unit: "bytes",
    meaning: "memory looked at, added up over the scans that count",
    inTotal: false,
    inLog: false,
    shown: { row: "found", label: "scanned" },
  },
  {
    name: "present_bytes",
    unit: "bytes",
    meaning: "present in the last scan: hot and cold",
    inTotal: false,
    inLog: true,
    shown: { row: "found", label: "present" },
  },
  {
    name: "hot_bytes",
    unit: "bytes",
    meaning: "of `present_bytes`: `T` or more accesses in the round, `hot_threshold` with cslide",
    inTotal: false,
    inLog: false,
    shown: { row: "found", label: "hot" },
  },
  {
    name: "cold_bytes",
    unit: "bytes",
    meaning: "of `present_bytes`: fewer accesses than that",
    inTotal: false,
    inLog: true,
    shown: { row: "found", label: "cold" },
  },
  {
    name: "hot_huge_bytes",
    unit: "bytes",
    meaning: "of `hot_bytes`: in units of a PMD, where one access makes the whole unit hot",
    inTotal: false,
    inLog: false,
    shown: {
      among: "account",
      label: "huge",
      text: (bytes, { presentBytes, pmdBytes }) => {
        const what = bytes === presentBytes
          ? "all that is present is"
          : `${formatBytes(bytes)} are`;
        return `${what} hot at ${formatBytes(pmdBytes)}, ` +
          "where one access makes the whole of it hot";
      },
    },
  },
  {
    name: "spared",
    unit: "bytes by reason",
    meaning: "cold memory that the mover was not asked for",
    shown: { label: "spared" },
  },
  {
    name: "asked_bytes",
    unit: "bytes",
    meaning: "handed to the mover; with `spared` it makes `cold_bytes`",
    inTotal: true,
    inLog: true,
    shown: { row: "moved", label: "asked" },
  },
  {
    name: "moved_bytes",
    unit: "bytes",
    meaning: "of `asked_bytes`: has left DRAM (is on the other node) afterwards",
    inTotal: true,
    inLog: true,
    shown: {
      row: "moved",
      label: "moved",
      dryRunLabel: "would go",
      share: { of: "asked_bytes", label: "of asked" },
    },
  },
  {
    name: "refused",
    unit: "bytes by reason",
    meaning: "the rest of `asked_bytes`",
    shown: { label: "refused" },
  },
  {
    name: "left_alone",
    unit: "bytes by reason",
    meaning: "present memory of the processes that is not part of `present_bytes`",
    shown: { label: "not taken" },
  },
  {
    name: "came_back_bytes",
    unit: "bytes",
    meaning: "read back from swap since the round before, of what earlier rounds moved; see below",
    inTotal: true,
    inLog: true,
    shown: { row: "moved", label: "came back" },
  },
  {
    name: "freed_bytes",
    unit: "bytes",
    meaning: "of `moved_bytes`: DRAM that is free for it; see below",
    inTotal: true,
    inLog: true,
    shown: {
      row: "moved",
      label: "freed",
      dryRunLabel: null,
      share: { of: "moved_bytes", label: "of moved" },
    },
  },
  {
    name: "scan_errors",
    unit: "count",
    meaning: "streams that broke off, reads that failed, movers that failed as a whole",
    shown: {
      among: "faults",
      label: "errors",
      text: (count) => `${formatCount(count, "read", "reads")} failed or broke off`,
    },
  },
] as const satisfies readonly Entry[];

type Row = (typeof TABLE)[number];
type NameOf<Unit> = Extract<Row, { unit: Unit }>["name"];
type NumberName = NameOf<"bytes" | "count">;

/** A figure of a round. */
export type RoundFigure =
  | BytesEntry<NameOf<"bytes">>
  | CountEntry<NameOf<"count">>
  | ReasonsEntry<NameOf<"bytes by reason">>;

/** A figure that the status table shows in a cell. */
export type CellFigure<Name extends string> = BytesEntry<Name, Cell<Name>>;

/** The figures that the total of a task has too. */
export type TotalName = Extract<Row, { inTotal: true }>["name"];

/** The fields of a round that are figures. */
export type RoundFigures =
  & Record<NumberName, number>
  & Record<NameOf<"bytes by reason">, MemoryByReason[]>;

/**
 * What a piece of work adds to the figures of its round. The keys of bytes by reason are reasons.
 */
export type FigureGains =
  & { readonly [Name in NumberName]?: number }
  & { readonly [Name in NameOf<"bytes by reason">]?: ReadonlyMap<Reason, number> };

/** All figures of a round. */
export const ROUND_FIGURES: readonly RoundFigure[] = TABLE;

/** Those in cells. */
export const CELL_FIGURES: readonly CellFigure<NameOf<"bytes">>[] = TABLE.filter(
  (row): row is Extract<Row, { shown: { row: string } }> => "row" in row.shown,
);

/** Those of the total. */
export const TOTAL_FIGURES: readonly CellFigure<TotalName>[] = TABLE.filter(
  (row): row is Extract<Row, { inTotal: true }> => row.unit === "bytes" && row.inTotal,
);

/** How a cell is labelled; undefined when it is left out. */
export function cellLabel({ shown }: CellFigure<string>, isDryRun: boolean): string | undefined {
  const { label, dryRunLabel = label } = shown;
  return isDryRun ? dryRunLabel ?? undefined : label;
}

/** The figures of a round that has done nothing yet. */
export function noFigures(): RoundFigures {
  return Object.fromEntries<number | MemoryByReason[]>(
    TABLE.map(({ name, unit }) => [name, unit === "bytes by reason" ? [] : 0]),
  ) as RoundFigures;
}
