import { Exporter } from "../metrics/exporter.ts";
import { formatFamilies } from "../metrics/format_families.ts";
import { ROUNDS_NEEDED, statusFamilies } from "../metrics/status_families.ts";
import type { ClientSurroundings } from "./command.ts";
import { DocumentRefused, fetchStatus } from "./fetch_document.ts";
import type { ListenAddress } from "./listen_address.ts";
import type { Outcome } from "./read_answer.ts";

/** Prometheus waits 10 s for a scrape unless told otherwise. */
const SCRAPE_GIVE_UP_MS = 5000;

/** By the errno names of bind(2). */
const LISTEN_PROBLEMS: ReadonlyMap<unknown, string> = new Map([
  ["EADDRINUSE", "another process listens there: choose another address with --listen"],
  ["EADDRNOTAVAIL", "this machine does not have the address: choose another one with --listen"],
]);

/** `etmem metrics`: prints the metrics of a server once. @throws {NoAnswer | OutputError} */
export async function printMetrics(
  socket: string,
  openMetrics: boolean,
  { print, giveUpMs }: ClientSurroundings,
): Promise<Outcome> {
  try {
    const status = await fetchStatus(socket, { rounds: ROUNDS_NEEDED }, giveUpMs);
    print(await formatFamilies(statusFamilies(status), openMetrics ? "openMetrics" : "text"));
    return { ok: true };
  } catch (error) {
    if (!(error instanceof DocumentRefused)) throw error;
    return { ok: false, message: error.message };
  }
}

/** `etmem exporter`: serves the metrics of a server until it is ended by a signal. */
export async function runExporter(
  socket: string,
  { address, port, text }: ListenAddress,
  { complain }: ClientSurroundings,
): Promise<Outcome> {
  const say = (line: string): void => complain(`etmem exporter: ${line}`);
  let exporter: Exporter;
  try {
    exporter = new Exporter({
      address,
      port,
      fetch: (rounds) => fetchStatus(socket, { rounds }, SCRAPE_GIVE_UP_MS),
      say,
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = "code" in error ? error.code : undefined;
    const problem = LISTEN_PROBLEMS.get(code) ?? error.message;
    return { ok: false, message: `etmem: Cannot listen on ${text}: ${problem}` };
  }
  using server = exporter;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
  say(`the metrics of the server "${socket}" are at ${server.url}`);
  await ended;
  return { ok: true };
}
