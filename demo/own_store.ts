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

/** What WebAssembly counts memory in, and the most that it has. */
const WASM_PAGE_BYTES = 2 ** 16;
const MOST_WASM_PAGES = 2 ** 16;

const OK = Buffer.from("+OK\r\n");
const PONG = Buffer.from("+PONG\r\n");
const memory = valueMemory(Number(capacity));
const places = new Map<string, { readonly from: number; readonly length: number }>();
let used = 0;

/**
 * Memory for values. That of WebAssembly is an area (VMA) of its own, without what the runtime uses
 * all the time, as far as it goes.
 */
function valueMemory(sizeBytes: number): Uint8Array {
  const pages = Math.ceil(sizeBytes / WASM_PAGE_BYTES);
  if (pages > MOST_WASM_PAGES) return new Uint8Array(sizeBytes);
  return new Uint8Array(new WebAssembly.Memory({ initial: pages }).buffer, 0, sizeBytes);
}

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
