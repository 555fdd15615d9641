import { describe, expect, test } from "bun:test";
import { Exporter, type ExporterSettings } from "../../../src/metrics/exporter.ts";
import type { ServerStatus } from "../../../src/status/server_status.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";
import { fullStatus } from "./full_status.ts";

const CLIENTS = 1000;

/** An exporter on a free port, and what it said. */
class TriedExporter implements Disposable {
  readonly said: string[] = [];
  readonly exporter: Exporter;

  constructor(fetch: ExporterSettings["fetch"]) {
    this.exporter = new Exporter({
      address: "127.0.0.1",
      port: 0,
      fetch,
      say: (line) => this.said.push(line),
    });
  }

  get(path = "/metrics", init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.exporter.url), init);
  }

  [Symbol.dispose](): void {
    this.exporter[Symbol.dispose]();
  }
}

const answering = () => Promise.resolve(fullStatus());

/** A connection that does as a test says. */
async function connect(url: string, received: (bytes: Uint8Array) => void): Promise<Bun.Socket> {
  const { hostname, port } = new URL(url);
  return await Bun.connect({
    hostname,
    port: Number(port),
    socket: { data: (_socket, bytes) => received(bytes) },
  });
}

describe("Exporter", () => {
  test("gives the metrics in Prometheus' text format, or as OpenMetrics where that is asked for", async () => {
    using tried = new TriedExporter(answering);
    const text = await tried.get();
    expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await text.text()).toContain("\netmem_up 1\n");
    const accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    const open = await tried.get("/metrics", { headers: { accept } });
    expect(open.headers.get("content-type")).toBe(
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    expect(await open.text()).toEndWith("\n# EOF\n");
  });

  test("says that the server is gone with etmem_up, and once in its log", async () => {
    let isThere = false;
    using tried = new TriedExporter(() =>
      isThere ? answering() : Promise.reject(new Error("Cannot reach it"))
    );
    for (let scrape = 0; scrape < 3; scrape++) {
      const gone = await tried.get();
      expect(gone.status).toBe(200);
      expect(await gone.text()).toContain("\netmem_up 0\n");
    }
    isThere = true;
    expect(await (await tried.get()).text()).toContain("\netmem_up 1\n");
    expect(tried.said).toEqual(["Cannot reach it", "the server answers again"]);
  });

  test("refuses other paths and methods", async () => {
    using tried = new TriedExporter(answering);
    expect((await tried.get("/else")).status).toBe(404);
    const post = await tried.get("/metrics", { method: "POST", body: "x" });
    expect(post.status).toBe(405);
    expect(post.headers.get("allow")).toBe("GET, HEAD");
    expect(await (await tried.get("/")).text()).toContain("/metrics");
    const head = await tried.get("/metrics", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test.each([
    ["without a Host, as of HTTP/1.0", "GET /metrics HTTP/1.0\r\n\r\n", "200"],
    ["with a Host that is none", "GET /metrics HTTP/1.1\r\nHost: a b\r\n\r\n", "200"],
    ["that makes no address", "GET //[ HTTP/1.1\r\nHost: [\r\n\r\n", "400"],
    ["that is no HTTP", "nonsense\r\n\r\n", "400"],
  ])("answers a request %s", async (_what, request, status) => {
    using tried = new TriedExporter(answering);
    let answer = "";
    const decoder = new TextDecoder();
    const socket = await connect(tried.exporter.url, (bytes) => {
      answer += decoder.decode(bytes, { stream: true });
    });
    socket.write(request);
    await waitFor("an answer", () => answer.includes("\r\n"));
    socket.terminate();
    expect(answer.split(" ")[1]).toBe(status);
  });

  test("asks the server once for all scrapes that come meanwhile, and anew for the next", async () => {
    const { promise, resolve } = Promise.withResolvers<ServerStatus>();
    let asked = 0;
    using tried = new TriedExporter(() => {
      asked++;
      return promise;
    });
    const scrapes = Array.from({ length: 50 }, () => tried.get());
    await waitFor("the first scrape", () => asked > 0);
    // A request that is answered came after the others.
    await tried.get("/");
    resolve(fullStatus());
    for (const scrape of scrapes) expect(await (await scrape).text()).toContain("etmem_up 1");
    const askedAtOnce = asked;
    expect(askedAtOnce).toBeLessThan(5);
    await tried.get();
    expect(asked).toBe(askedAtOnce + 1);
  });

  test("serves others while a thousand clients ask for half and read nothing", async () => {
    using tried = new TriedExporter(answering);
    const { url } = tried.exporter;
    const sockets = await Promise.all(
      Array.from({ length: CLIENTS }, () => connect(url, () => {})),
    );
    for (const socket of sockets.slice(0, CLIENTS / 2)) socket.write("GET /metrics HT");
    for (const socket of sockets.slice(CLIENTS / 2)) {
      socket.pause();
      socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5));
    }
    for (let scrape = 0; scrape < 10; scrape++) {
      expect(await (await tried.get()).text()).toContain("etmem_up 1");
    }
    for (const socket of sockets) socket.terminate();
    expect(await (await tried.get()).text()).toContain("etmem_up 1");
  });

  test("refuses an address that is taken", () => {
    using tried = new TriedExporter(answering);
    const port = Number(new URL(tried.exporter.url).port);
    expect(() => new Exporter({ address: "127.0.0.1", port, fetch: answering, say: () => {} }))
      .toThrow(String(port));
  });
});
