import fs from "node:fs";

/** The answer cannot be written: a full disk, a closed descriptor. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

const NEWLINE = 0x0a;
const STDERR = 2;
/** `flags` of proc_pid_fdinfo(5), in octal; FD_CLOEXEC shows as O_CLOEXEC. */
const DESCRIPTOR_FLAGS = /^flags:\s*([0-7]+)$/m;
const O_CLOEXEC = 0o2000000;
/** Pause before a write that a full, non-blocking pipe could not take is tried again. */
const FULL_PIPE_MS = 2;

/**
 * An open file descriptor to print to. process.stdout would take a tenth of the client's time to
 * load; Bun.write() repeats bytes on a non-blocking pipe and allocates ahead in files that are
 * appended to.
 */
export class Output {
  readonly #fd: number;
  #readerGone = false;
  /** Whether it is open, once that is known. */
  #isOpen: boolean | undefined;
  #atLineStart = true;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Writes all of it; quietly nothing once the reader of a pipe is gone. @throws {OutputError} */
  write(text: Uint8Array | string): void {
    let rest: Uint8Array = typeof text === "string" ? new TextEncoder().encode(text) : text;
    if (rest.length === 0) return;
    this.#isOpen ??= !wasClosed(this.#fd);
    if (!this.#isOpen) {
      throw new OutputError(`Cannot write the answer: ${nameOf(this.#fd)} is closed`);
    }
    this.#atLineStart = rest.at(-1) === NEWLINE;
    while (rest.length > 0 && !this.#readerGone) {
      rest = rest.subarray(this.#writeSome(rest));
    }
  }

  /** Ends the line that is begun, if one is. @throws {OutputError} */
  endLine(): void {
    if (!this.#atLineStart) this.write("\n");
  }

  #writeSome(bytes: Uint8Array): number {
    try {
      return fs.writeSync(this.#fd, bytes);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      switch (code) {
        case "EINTR":
          return 0;
        case "EAGAIN":
          Bun.sleepSync(FULL_PIPE_MS);
          return 0;
        case "EPIPE":
          this.#readerGone = true;
          return 0;
        default:
          throw new OutputError(`Cannot write the answer: ${String(code)}`, { cause: error });
      }
    }
  }
}

/**
 * Whether a standard stream was closed when the program was started. Bun opens /dev/null in its
 * place, so that writing to it succeeds. That descriptor is close-on-exec, which one that the
 * program was started with never is (execve(2)).
 */
function wasClosed(fd: number): boolean {
  if (fd > STDERR) return false;
  try {
    const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
    return (parseInt(DESCRIPTOR_FLAGS.exec(info)?.[1] ?? "0", 8) & O_CLOEXEC) !== 0;
  } catch {
    return false; // not known without /proc
  }
}

function nameOf(fd: number): string {
  return fd === STDERR ? "standard error" : "standard output";
}
