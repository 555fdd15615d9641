/** Memory of a task that was used last equally long ago. */
export interface AgeBar {
  /** Scans without a use: from this age up to that of the next bar. */
  age_scans: number;
  /** The same as a time: the project's interval for each scan. */
  age_us: number;
  /** Memory of these ages, in DRAM or moved. */
  bytes: number;
  /** Of `bytes`: moved; in a dry run, what would have been. */
  out_bytes: number;
  /** What would be out of DRAM if all memory of this age and older were moved. */
  saved_bytes: number;
  /** How much of that is expected to come back. */
  returned_bytes_per_minute: number;
  /** How long the process that is worst off is expected to wait for it, in percent of its time. */
  harm_percent: number;
}

/** What a sample of cold pages comes to when it is compressed. */
export interface CompressionEstimate {
  /** Pages that were read. */
  pages: number;
  /** Of them: filled with one and the same word, which needs no memory. */
  same_filled_pages: number;
  /** What is stored of the pages, in percent of their size. */
  stored_percent: number;
}

/** The memory of a task by its idle age. */
export interface TaskHistogram {
  name: string;
  engine: string;
  /** Why nothing is known; the fields below are left out then. */
  missing?: string;
  interval_us?: number;
  processes?: number;
  /** How long the process that is known least has been followed. */
  observed_us?: number;
  /** Mean time of a swap-in, of the process where it takes longest. */
  swap_in_us?: number;
  /** All memory whose age is known, in DRAM or moved. */
  memory_bytes?: number;
  /** Of that: moved. */
  out_bytes?: number;
  /** Youngest first; the first is of age 0. */
  ages?: AgeBar[];
  /** Only where it was asked for. */
  compression?: CompressionEstimate | { missing: string };
}

/** What `etmem histogram --json` prints. */
export interface HistogramDocument {
  /** Raised when a field changes its meaning. */
  version: 1;
  taken_at: string;
  project: string;
  /** It is a dry run; left out when it moves. */
  dry_run?: true;
  /** Newest first. */
  tasks: TaskHistogram[];
}
