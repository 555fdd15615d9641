import { fstatSync } from "node:fs";
import { close } from "../../ffi/libc.ts";
import { duplicate, shutDown } from "../../ffi/unix_socket.ts";

/**
 * The socket that an engine's answer goes to.
 * It can be ended even after the engine has closed its descriptor.
 */
export class AnswerSocket {
  readonly #fd: number;
  readonly #own: number;

  /** @param fd is handed to the engine. @throws {SystemCallError} */
  constructor(fd: number) {
    this.#fd = fd;
    this.#own = duplicate(fd);
  }

  /**
   * Ends the answer for all that have the socket, and closes the descriptor. An engine that has
   * closed it, against its promise, may use the number for another file by now:
   * that one is left open.
   */
  end(): void {
    const inode = inodeOf(this.#own);
    shutDown(this.#own);
    if (inode !== undefined && inodeOf(this.#fd) === inode) close(this.#fd);
    close(this.#own);
  }
}

/**
 * Sockets are told apart by the inodes of sockfs. @returns undefined when the descriptor is closed.
 */
function inodeOf(fd: number): number | undefined {
  try {
    const stats = fstatSync(fd);
    return stats.isSocket() ? stats.ino : undefined;
  } catch {
    return undefined;
  }
}
