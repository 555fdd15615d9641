import { SystemCallError } from "../../ffi/errno.ts";
import { close, localTime } from "../../ffi/libc.ts";
import { connectDatagramSocket, sendDatagram } from "../../ffi/unix_socket.ts";
import type { LogLevel } from "./logger.ts";

/** _PATH_LOG of syslog(3). */
const SYSTEM_LOG = "/dev/log";
const IDENT = "[etmemd] ";
/** LOG_DEBUG, LOG_INFO, LOG_WARNING and LOG_ERR of syslog(3). */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warning: 4, error: 3 };
const LOG_USER = 1 << 3;

/**
 * What waits for a reader that lags: the kernel itself holds as few as 10 lines
 * (net.unix.max_dgram_qlen).
 */
const MAX_LINES = 1000;
const MAX_BYTES = 256 * 1024;

const FIRST_RETRY_MS = 5;
/** A reader that lags is asked again at least this often. */
const LONGEST_RETRY_MS = 1_000;
/**
 * Where no reader is at all, the pause doubles to this; from then on only the next line asks again.
 */
const LAST_RETRY_MS = 60_000;

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** What the last try to send came to: `lags` and `absent` leave lines waiting. */
type Outcome = "sent" | "lags" | "absent";

/**
 * The system log, as syslog(3) writes to it: ident, pid, facility LOG_USER. syslog(3) itself would
 * wait for as long as the reader does not read. Only a datagram socket is taken, as journald,
 * rsyslog and busybox have it.
 */
export class SyslogSink {
  readonly #path: string;
  #fd: number | undefined;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Connects with the first line. */
  constructor(path: string = SYSTEM_LOG) {
    this.#path = path;
  }

  /** Sends a line, or keeps it until the reader takes it. Never waits, never throws. */
  write(level: LogLevel, line: string): void {
    const datagram = format(level, line);
    // in the order they came, and a full queue may have room by now
    this.#flush();
    const isFull = this.#waiting.length >= MAX_LINES ||
      this.#waitingBytes + datagram.length > MAX_BYTES;
    if (this.#lost > 0 || isFull) this.#lost += 1;
    else this.#push(datagram);
    this.#flush();
  }

  /** Before the end: waits until the reader has taken all, for so long. */
  async drain(timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (this.#flush() === "lags" && performance.now() < endMs) await Bun.sleep(FIRST_RETRY_MS);
    clearTimeout(this.#timer);
  }

  #push(datagram: Uint8Array): void {
    this.#waiting.push(datagram);
    this.#waitingBytes += datagram.length;
  }

  #flush(): Outcome {
    let outcome: Outcome = "sent";
    for (;;) {
      this.#reportLoss();
      const [next] = this.#waiting;
      if (next === undefined) break;
      outcome = this.#send(next);
      if (outcome !== "sent") break;
      this.#waiting.shift();
      this.#waitingBytes -= next.length;
      this.#retryMs = FIRST_RETRY_MS;
    }
    if (outcome !== "sent") this.#retryLater(outcome);
    return outcome;
  }

  /**
   * Once half of the queue is free: what comes meanwhile is lost too, so that a loss is told once.
   */
  #reportLoss(): void {
    const isFree = this.#waiting.length <= MAX_LINES / 2 && this.#waitingBytes <= MAX_BYTES / 2;
    if (this.#lost === 0 || !isFree) return;
    const lines = this.#lost === 1 ? "1 line of log was" : `${this.#lost} lines of log were`;
    this.#push(format("warning", `${lines} lost: the system log did not take them in time`));
    this.#lost = 0;
  }

  #retryLater(outcome: Outcome): void {
    if (this.#timer !== undefined) return;
    if (outcome === "absent" && this.#retryMs > LAST_RETRY_MS) return;
    const delayMs = outcome === "lags" ? Math.min(this.#retryMs, LONGEST_RETRY_MS) : this.#retryMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#retryMs = delayMs * 2;
      this.#flush();
    }, delayMs);
  }

  /** A reader that started anew has another socket at the path. */
  #send(datagram: Uint8Array): Outcome {
    const wasConnected = this.#fd !== undefined;
    const outcome = this.#sendOnce(datagram);
    return outcome === "absent" && wasConnected ? this.#sendOnce(datagram) : outcome;
  }

  #sendOnce(datagram: Uint8Array): Outcome {
    try {
      this.#fd ??= connectDatagramSocket(this.#path);
      sendDatagram(this.#fd, datagram);
      return "sent";
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      return this.#outcomeOf(error);
    }
  }

  #outcomeOf({ code }: SystemCallError): Outcome {
    if (code === "EAGAIN" || code === "ENOBUFS" || code === "ENOMEM") return "lags";
    if (code === "EMSGSIZE") {
      // will never be taken, and must not hold up the others
      this.#lost += 1;
      return "sent";
    }
    if (this.#fd !== undefined) close(this.#fd);
    this.#fd = undefined;
    return "absent";
  }
}

/**
 * A datagram as glibc's syslog(3) sends it to a datagram socket:
 * `<14>Mmm dd hh:mm:ss IDENT[PID]: LINE`.
 */
function format(level: LogLevel, line: string): Uint8Array {
  const { month, day, hour, minute, second } = localTime(Math.floor(Date.now() / 1000));
  const clock = [hour, minute, second].map((n) => String(n).padStart(2, "0")).join(":");
  const stamp = `${MONTHS[month - 1] ?? ""} ${String(day).padStart(2)} ${clock}`;
  return Buffer.from(
    `<${LOG_USER | PRIORITIES[level]}>${stamp} ${IDENT}[${process.pid}]: ${line}`,
  );
}
