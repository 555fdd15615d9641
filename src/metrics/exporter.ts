import { familiesOf, type Family, gauge } from "./family.ts";
import { type Format, formatFamilies, FORMATS } from "./format_families.ts";
import { ROUNDS_NEEDED, statusFamilies } from "./status_families.ts";
import type { ServerStatus } from "../status/server_status.ts";
import { messageOf } from "../text/message_of.ts";

/** Where a scrape that asks for nothing else finds the metrics. */
const PATH = "/metrics";
const BASE = "http://localhost";
/** A client that neither asks nor takes anything for so long is gone. */
const IDLE_SECONDS = 10;
/** A scrape has no body. */
const MAX_BODY_BYTES = 1024;
const OPEN_METRICS = "application/openmetrics-text";

/** What an exporter needs. */
export interface ExporterSettings {
  /** A numeric address. */
  readonly address: string;
  /** 0: one that is free. */
  readonly port: number;
  /** The status of the server, with so many rounds of each task. @throws when there is none. */
  readonly fetch: (rounds: number) => Promise<ServerStatus>;
  /** Told once why the server cannot be read, and once that it can again. */
  readonly say: (line: string) => void;
}

interface Scrape {
  readonly families: readonly Family[];
  readonly text: Map<Format, Promise<string>>;
}

/**
 * An HTTP server with the metrics of one etmemd, for Prometheus. Scrapes that come while the server
 * is asked share its answer. When it cannot be asked, `etmem_up` is 0.
 */
export class Exporter implements Disposable {
  readonly #settings: ExporterSettings;
  readonly #server: Bun.Server<undefined>;
  #running: Promise<Scrape> | undefined;
  #isUp: boolean | undefined;

  /** @throws {Error} when it cannot listen there. */
  constructor(settings: ExporterSettings) {
    this.#settings = settings;
    this.#server = Bun.serve({
      hostname: settings.address,
      port: settings.port,
      reusePort: false,
      idleTimeout: IDLE_SECONDS,
      maxRequestBodySize: MAX_BODY_BYTES,
      development: false,
      fetch: (request) => this.#answer(request),
    });
  }

  /** Of the metrics. */
  get url(): string {
    return new URL(PATH, this.#server.url).href;
  }

  /** Ends all connections. */
  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    // Without a Host, as in HTTP/1.0, the runtime gives the path alone.
    const pathname = URL.parse(request.url, BASE)?.pathname;
    if (pathname === undefined) return plain(400, "Cannot read the address of the request\n");
    if (pathname !== PATH && pathname !== "/") {
      return plain(404, `Cannot find "${pathname}": the metrics are at ${PATH}\n`);
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, `Cannot ${request.method}: only GET and HEAD are answered\n`, {
        allow: "GET, HEAD",
      });
    }
    if (pathname === "/") return plain(200, `The metrics of etmemd are at ${PATH}\n`);
    const format = request.headers.get("accept")?.includes(OPEN_METRICS) === true
      ? "openMetrics"
      : "text";
    const { families, text } = await this.#scrape();
    let written = text.get(format);
    if (written === undefined) {
      written = formatFamilies(families, format);
      text.set(format, written);
    }
    return new Response(await written, { headers: { "content-type": FORMATS[format] } });
  }

  #scrape(): Promise<Scrape> {
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #ask(): Promise<Scrape> {
    const began = performance.now();
    const families = await this.#families();
    const duration = (performance.now() - began) / 1000;
    return {
      families: [...upFamilies(families !== undefined, duration), ...families ?? []],
      text: new Map(),
    };
  }

  async #families(): Promise<Family[] | undefined> {
    try {
      const families = statusFamilies(await this.#settings.fetch(ROUNDS_NEEDED));
      if (this.#isUp === false) this.#settings.say("the server answers again");
      this.#isUp = true;
      return families;
    } catch (error) {
      if (this.#isUp !== false) this.#settings.say(messageOf(error));
      this.#isUp = false;
      return undefined;
    }
  }
}

function upFamilies(isUp: boolean, duration: number): Family[] {
  return familiesOf<{ isUp: boolean; duration: number }>([
    gauge("etmem_up", "1 if etmemd answered.", (scrape) => scrape.isUp),
    gauge(
      "etmem_scrape_duration_seconds",
      "How long etmemd took to answer.",
      (scrape) => scrape.duration,
    ),
  ], [{ labels: {}, thing: { isUp, duration } }]);
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
}
