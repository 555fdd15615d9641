import { dlopen } from "bun:ffi";
import { SystemCallError } from "./errno.ts";
import { addressOf, close, cString, lastErrno, type Memory, read } from "./libc.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // int inotify_init1(int flags)
  inotify_init1: { args: ["i32"], returns: "i32" },
  // int inotify_add_watch(int fd, const char *pathname, uint32_t mask)
  inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int fcntl(int fd, int cmd, ...): see libc.ts for variadic functions
  fcntl: { args: ["i32", "i32", "i64"], returns: "i32" },
});

/** Of sys/inotify.h. */
export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_CLOSE_WRITE = 0x8;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_Q_OVERFLOW = 0x4000;
export const IN_IGNORED = 0x8000;
export const IN_ONLYDIR = 0x1000000;
const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;

/** Of fcntl.h, the same on x86_64 and aarch64. */
const F_SETFL = 4;
const F_SETOWN_EX = 15;
const F_OWNER_TID = 0;
const O_ASYNC = 0o20000;

/** Room for some thousand events: struct inotify_event of 16 bytes, and a name of up to 256. */
const BUFFER_BYTES = 64 * 1024;
const EVENT = { mask: 4, len: 12, name: 16 } as const;

/** What has happened in a folder that is watched. */
export interface FolderEvent {
  /** Bits of `IN_…`. */
  readonly mask: number;
  /** Of the entry; "" when it is about the folder itself. */
  readonly name: string;
}

/** Sends SIGIO to the main thread when something happens in folders: inotify(7). */
export class Inotify implements Disposable {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);

  /** SIGIO has to have a handler: by default it ends the process. @throws {SystemCallError} */
  constructor() {
    const fd = checked("inotify_init1", libc.inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    this.#fd = fd;
    try {
      // struct f_owner_ex { int type; pid_t pid; }: no thread that moves pages is interrupted
      const owner = new Int32Array([F_OWNER_TID, process.pid]);
      checked("fcntl", libc.fcntl(fd, F_SETOWN_EX, addressOf(owner)), "F_SETOWN_EX");
      checked("fcntl", libc.fcntl(fd, F_SETFL, O_ASYNC | IN_NONBLOCK), "F_SETFL");
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /** Watches a folder for `IN_…` events. @throws {SystemCallError} */
  watch(path: string, mask: number): void {
    checked("inotify_add_watch", libc.inotify_add_watch(this.#fd, cString(path), mask), path);
  }

  /** Takes what has happened so far; never waits. @throws {SystemCallError} */
  *take(): Generator<FolderEvent> {
    for (;;) {
      const count = readNow(this.#fd, this.#buffer);
      if (count === 0) return;
      yield* eventsIn(this.#buffer.slice(0, count));
    }
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

/** @returns 0 when there is nothing to read. */
function readNow(fd: number, into: Memory): number {
  try {
    return read(fd, into, into.byteLength);
  } catch (error) {
    if (error instanceof SystemCallError && error.code === "EAGAIN") return 0;
    throw error;
  }
}

function* eventsIn(bytes: Uint8Array): Generator<FolderEvent> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const name = bytes.subarray(
      at + EVENT.name,
      at + EVENT.name + view.getUint32(at + EVENT.len, true),
    );
    const end = name.indexOf(0);
    yield {
      mask: view.getUint32(at + EVENT.mask, true),
      name: Buffer.from(end < 0 ? name : name.subarray(0, end)).toString(),
    };
    at += EVENT.name + name.length;
  }
}

function checked(call: string, result: number, about?: string): number {
  if (result < 0) throw new SystemCallError(call, lastErrno(), about);
  return result;
}
