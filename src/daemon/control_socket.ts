import { errorCode } from "../../ffi/errno.ts";
import { peerCredentials } from "../../ffi/unix_socket.ts";
import { log } from "../log/logger.ts";
import { FAILURE_BYTE } from "../rpc/answer_v1.ts";
import { Refusal } from "../rpc/refusal.ts";
import { collectAfterWork } from "../../ffi/garbage.ts";
import { messageOf } from "../text/message_of.ts";
import { Connection, type ConnectionLimits } from "./connection.ts";
import type { RequestHandler } from "./timely_answer.ts";

/** The original client gives up after 10 s without a byte. */
const LIMITS: ConnectionLimits = {
  requestMs: 10_000,
  silenceMs: 8_000,
  totalMs: 60_000,
  progressMs: 2_000,
  maxQueuedBytes: 16 * 1024 * 1024,
  stuckMs: 10_000,
};

/** The listening end of the control protocol. */
export interface ControlSocket {
  /**
   * Takes no more clients, answers those that wait with a refusal, and closes their connections.
   */
  close(): void;
}

/**
 * Clients that are served at once; as many again are refused in words, all others are closed. Every
 * client takes a descriptor, and one that waits to be accepted while there is none keeps the thread
 * busy.
 */
const MAX_CLIENTS = 512;

const refuseAsBusy: RequestHandler = async () => {
  throw new Refusal("internal", `${MAX_CLIENTS} other clients are being served`);
};

type Client = Bun.Socket<Connection | undefined>;

/** How many strangers the log names. */
const MAX_NAMED = 64;

/** Keeps everybody but root out. */
class Gate {
  /**
   * Strangers that the log has named already: if it named them each time, any user could fill it.
   */
  readonly #named = new Set<string>();

  /** Whether the peer of a socket is uid 0 and gid 0. */
  admits(socket: Client): boolean {
    const { fd } = socket as Client & { readonly fd: number };
    const { pid, uid, gid } = peerCredentials(fd);
    if (uid === 0 && gid === 0) return true;
    const who = `uid ${uid} and gid ${gid}`;
    if (!this.#named.has(who) && this.#named.size < MAX_NAMED) {
      this.#named.add(who);
      log.warning(`process ${pid} of ${who} is not served: it is not root`);
    }
    return false;
  }
}

/** The connections of all clients. */
class Clients {
  readonly #handler: RequestHandler;
  readonly #limits: ConnectionLimits;
  readonly #gate = new Gate();
  readonly #connections = new Set<Connection>();

  constructor(handler: RequestHandler, limits: ConnectionLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  open(socket: Client): void {
    if (!this.#gate.admits(socket)) {
      socket.write(Uint8Array.of(FAILURE_BYTE));
      socket.terminate();
      return;
    }
    if (this.#connections.size >= 2 * MAX_CLIENTS) {
      socket.terminate();
      return;
    }
    const handler = this.#connections.size < MAX_CLIENTS ? this.#handler : refuseAsBusy;
    const connection = new Connection(socket, handler, this.#limits);
    socket.data = connection;
    this.#connections.add(connection);
  }

  closed({ data: connection }: Client): void {
    if (connection === undefined) return;
    this.#connections.delete(connection);
    connection.closed();
    collectAfterWork();
  }

  shutDown(refusal: Refusal): void {
    for (const connection of this.#connections) connection.shutDown(refusal);
  }
}

/**
 * Listens in the abstract namespace of unix(7) and serves clients of uid 0 and gid 0.
 * @param name without the leading NUL byte.
 * @throws {Error} when the name is in use or cannot be had; the message says why.
 */
export function openControlSocket(
  name: string,
  handler: RequestHandler,
  limits: ConnectionLimits = LIMITS,
): ControlSocket {
  const clients = new Clients(handler, limits);
  const listener = listen(name, {
    open: (socket) => clients.open(socket),
    data: (socket, bytes) => socket.data?.data(bytes),
    end: (socket) => socket.data?.end(),
    drain: (socket) => socket.data?.drain(),
    close: (socket) => clients.closed(socket),
    // A connection that fails is closed as well, and close() does what is to be done.
    error: (_socket, error) => log.debug(`connection: ${error.message}`),
  });
  return {
    close() {
      listener.stop();
      clients.shutDown(new Refusal("internal", "etmemd is stopping"));
    },
  };
}

function listen(
  name: string,
  socket: Bun.SocketHandler<Connection | undefined>,
): Bun.SocketListener<Connection | undefined> {
  try {
    return Bun.listen<Connection | undefined>({
      unix: `\0${name}`,
      // A client may shut down its sending side and then read the answer.
      allowHalfOpen: true,
      data: undefined,
      socket,
    });
  } catch (error) {
    const reason = errorCode(error) === "EADDRINUSE"
      ? "another server uses the name, choose another one with -s"
      : messageOf(error);
    throw new Error(`Cannot listen on socket "${name}": ${reason}`, { cause: error });
  }
}
