import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { RawClient, STATUS_V2 } from "./raw_client.ts";
import { ServerProcess, slideConfig } from "./server_process.ts";

const MIB = 2 ** 20;
const TASKS = 2500;
const READERS = 20;

let server: ServerProcess;

beforeAll(async () => {
  const env = { SCRIPTED_WARNING_BYTES: "8192" };
  server = await ServerProcess.start({ held: [], env });
  const names = Array.from({ length: TASKS }, (_, number) => `task_${number}`);
  const path = server.file("many.conf", slideConfig("many", ...names));
  expect(await server.etmem("obj", "add", "-f", path)).toMatchObject({ status: 0, stderr: "" });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function rssAnonBytes(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, "latin1");
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** The names of the tasks of a status document, oldest first. */
function tasksOf(document: string): string[] {
  const { projects } = JSON.parse(document) as {
    projects: { engines: { tasks: { name: string }[] }[] }[];
  };
  return projects.flatMap(({ engines }) =>
    engines.flatMap(({ tasks }) => tasks.map(({ name }) => name))
  ).reverse();
}

test("status of 2500 tasks is 20 MB and comes whole, and so does show", async () => {
  const { status, stdout, stderr } = await server.etmem("status", "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.length).toBeGreaterThan(16 * MIB);
  const tasks = tasksOf(stdout);
  expect(tasks).toHaveLength(TASKS);
  expect([tasks[0], tasks.at(-1)]).toEqual(["task_0", `task_${TASKS - 1}`]);
  const show = await server.etmem("project", "show");
  expect(show.stdout.split("\n")).toHaveLength(TASKS + 3);
});

test("clients that do not read cost nothing, and have their answer when they do", async () => {
  await server.etmem("status", "--json");
  const before = rssAnonBytes();
  await using readers = new AsyncDisposableStack();
  const clients: RawClient[] = [];
  for (let i = 0; i < READERS; i++) {
    const client = readers.use(await RawClient.connect(server.name, false));
    clients.push(client.send(STATUS_V2));
  }
  let most = 0;
  for (let i = 0; i < 3; i++) {
    expect((await server.etmem("status", "--json")).stdout.length).toBeGreaterThan(16 * MIB);
    most = Math.max(most, rssAnonBytes());
  }
  // Each of their documents has 20 MB.
  expect(most - before).toBeLessThan(100 * MIB);
  for (const client of clients) client.resume();
  await waitFor("all answers", () => clients.every(({ isClosed }) => isClosed));
  for (const { received } of clients) {
    const lines = Buffer.concat(received).toString().trimEnd().split("\n");
    const messages = lines.map((line) => JSON.parse(line) as { type: string; text?: string });
    expect(messages.at(-1)).toMatchObject({ type: "result", ok: true });
    const document = messages.map(({ type, text }) => type === "document" ? text : "").join("");
    expect(tasksOf(document)).toHaveLength(TASKS);
  }
});
