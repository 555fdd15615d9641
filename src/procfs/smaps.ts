import { parseMaps, type Vma } from "./maps.ts";
import { ProcfsError, readPieces } from "./read_file.ts";
import { parseSize } from "./size_table.ts";

/** A VMA of /proc/PID/smaps with what is looked at of its fields. */
export interface SmapsVma extends Vma {
  readonly rssBytes: number;
  readonly referencedBytes: number;
  /** Of hugetlb memory the size of its pages, else that of a base page. */
  readonly kernelPageBytes: number;
  /** Two-letter codes of VmFlags. */
  readonly vmFlags: readonly string[];
}

const FILE = "smaps";
const UNKNOWN = -1;

/**
 * Parses /proc/PID/smaps (proc_pid_smaps(5)) as it comes in pieces. A process may have 65 530 VMAs
 * of 24 lines, so only the lines that are asked for are made strings of their own.
 * @internal
 */
export class SmapsParser {
  /** Those that are complete. */
  readonly vmas: SmapsVma[] = [];
  /** What has come of the line in hand. */
  #rest = "";
  #line = 0;
  /** The VMA in hand and its line; undefined before the first and in the kernel's own. */
  #vma: Vma | undefined;
  #header = "";
  #headerLine = 0;
  #rss = UNKNOWN;
  #referenced = UNKNOWN;
  #kernelPage = UNKNOWN;
  #flags: readonly string[] = [];

  /** Takes the next piece. @throws {ProcfsError} */
  take(piece: string): void {
    const text = this.#rest + piece;
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.#takeLine(text, from, end);
      from = end + 1;
    }
    this.#rest = text.slice(from);
  }

  #takeLine(text: string, from: number, end: number): void {
    this.#line++;
    const letter = text[from] ?? "";
    // Field lines begin with a capital letter, the line of a VMA with a hexadecimal digit.
    if (letter < "A" || letter > "Z") {
      this.#close();
      this.#header = text.slice(from, end);
      this.#headerLine = this.#line;
      this.#vma = parseMaps(Buffer.from(this.#header, "latin1"), FILE, this.#line)[0];
    } else if (letter === "R") {
      if (text.startsWith("Rss:", from)) this.#rss = this.#size(text, from, end);
      if (text.startsWith("Referenced:", from)) this.#referenced = this.#size(text, from, end);
    } else if (letter === "K") {
      if (text.startsWith("KernelPageSize:", from)) this.#kernelPage = this.#size(text, from, end);
    } else if (letter === "V" && text.startsWith("VmFlags:", from)) {
      this.#flags = text.slice(from, end).split(" ").filter((flag) => flag.length === 2);
    }
  }

  #size(text: string, from: number, end: number): number {
    const colon = text.indexOf(":", from);
    return parseSize(text.slice(colon + 1, end), FILE, this.#line, text.slice(from, colon));
  }

  /** Ends the file. @throws {ProcfsError} */
  end(): void {
    if (this.#rest !== "") this.take("\n");
    this.#close();
  }

  /**
   * Closes the VMA in hand.
   * @throws {ProcfsError} when something of it is missing: no kernel leaves it out.
   */
  #close(): void {
    if (this.#vma !== undefined) {
      this.vmas.push({
        ...this.#vma,
        rssBytes: this.#known(this.#rss, "Rss"),
        referencedBytes: this.#known(this.#referenced, "Referenced"),
        kernelPageBytes: this.#known(this.#kernelPage, "KernelPageSize"),
        vmFlags: this.#flags,
      });
    }
    this.#vma = undefined;
    this.#rss = this.#referenced = this.#kernelPage = UNKNOWN;
    this.#flags = [];
  }

  #known(size: number, name: string): number {
    if (size === UNKNOWN) throw new ProcfsError(FILE, this.#headerLine, name, this.#header);
    return size;
  }
}

/**
 * The VMAs of a process with their fields. The kernel looks at every page meanwhile: 12 ms a GiB.
 * @param dirFd the process's /proc directory.
 * @param stopped asked between pieces of a few VMAs; what was read so far is the answer then.
 * @returns undefined when the process is gone. @throws {ProcfsError | SystemCallError}
 */
export function readSmaps(
  dirFd: number,
  stopped: () => boolean = () => false,
): SmapsVma[] | undefined {
  const parser = new SmapsParser();
  let isStopped = false;
  const read = readPieces(dirFd, FILE, (piece) => {
    isStopped = stopped();
    if (!isStopped) parser.take(piece);
    return !isStopped;
  });
  if (read === undefined) return undefined;
  if (!isStopped) parser.end();
  return parser.vmas;
}
