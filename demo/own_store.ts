import { encodeBulk, RespReader, type RespValue } from "./resp.ts";

/**
 * The demo's workload where there is no Redis: a program that answers PING, SET, GET and DBSIZE
 * like Redis on a unix socket, and keeps its values in one piece of memory,
 * in the order in which they came.
 */
const [path, capacity] = process.argv.slice(2);
if (path === undefined || !/^\d+$/.test(capacity ?? "")) {
  console.error("usage: own_store.ts SOCKET BYTES");
  process.exit(2);
}

const OK = Buffer.from("+OK\r\n");
const PONG = Buffer.from("+PONG\r\n");
const memory = new Uint8Array(Number(capacity));
const places = new Map<string, { readonly from: number; readonly length: number }>();
let used = 0;

function set(key: string, value: Uint8Array): Buffer {
  let place = places.get(key);
  if (place?.length !== value.length) {
    if (used + value.length > memory.length) return failure("OOM the store is full");
    place = { from: used, length: value.length };
    used += value.length;
    places.set(key, place);
  }
  memory.set(value, place.from);
  return OK;
}

function get(key: string): Buffer {
  const place = places.get(key);
  return encodeBulk(
    place === undefined ? null : memory.subarray(place.from, place.from + place.length),
  );
}

function failure(text: string): Buffer {
  return Buffer.from(`-${text}\r\n`);
}

function answer(command: RespValue): Buffer {
  const words = Array.isArray(command) ? command.filter((word) => word instanceof Uint8Array) : [];
  const [name, key, value] = words;
  const text = (word: Uint8Array): string => Buffer.from(word).toString();
  switch (name && text(name).toUpperCase()) {
    case "PING":
      return PONG;
    case "DBSIZE":
      return Buffer.from(`:${places.size}\r\n`);
    case "GET":
      if (key !== undefined) return get(text(key));
      break;
    case "SET":
      if (key !== undefined && value !== undefined) return set(text(key), value);
      break;
    case undefined:
  }
  return failure("ERR unknown command or wrong number of arguments");
}

interface Client {
  readonly reader: RespReader;
  unsent: Uint8Array;
}

function flush(socket: Bun.Socket<Client>): void {
  const sent = socket.write(socket.data.unsent);
  if (sent > 0) socket.data.unsent = socket.data.unsent.subarray(sent);
}

Bun.listen<Client>({
  unix: path,
  data: { reader: new RespReader(), unsent: new Uint8Array(0) },
  socket: {
    open: (socket) => {
      socket.data = { reader: new RespReader(), unsent: new Uint8Array(0) };
    },
    data: (socket, bytes) => {
      const answers = socket.data.reader.push(bytes).map(answer);
      socket.data.unsent = Buffer.concat([socket.data.unsent, ...answers]);
      flush(socket);
    },
    drain: flush,
  },
});
process.on("SIGTERM", () => process.exit(0));
