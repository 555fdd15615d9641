import { describe, expect, test } from "bun:test";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { ask, RawClient, SHOW_V1 } from "./raw_client.ts";
import { isListening, ServerProcess, slideConfig } from "./server_process.ts";

/**
 * 2 s are the limit of the specification; the rest is for a busy machine. What a stop must not wait
 * for takes longer: a request has 8 s, and a client that says nothing 10 s.
 */
const STOP_SECONDS = 7;
/** What a server gives its projects to stop in. */
const PROJECTS_MS = 1_700;

async function endsInTime(server: ServerProcess): Promise<number> {
  const beganMs = performance.now();
  const status = await server.exited;
  expect(performance.now() - beganMs).toBeLessThan(STOP_SECONDS * 1000);
  return status;
}

async function addAndStart(server: ServerProcess): Promise<void> {
  const path = server.file("a.conf", slideConfig("test", "a", "b"));
  expect(await server.etmem("obj", "add", "-f", path)).toMatchObject({ status: 0, stderr: "" });
  expect(await server.etmem("project", "start", "-n", "test")).toMatchObject({
    status: 0,
    stderr: "",
  });
}

describe("SIGTERM and SIGINT", () => {
  test("they end an idle server with status 0 and free its name", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await using server = await ServerProcess.start();
      server.kill(signal);
      expect(await endsInTime(server)).toBe(0);
      expect(isListening(server.name)).toBe(false);
    }
  });

  test("they end a server whose projects run", async () => {
    await using server = await ServerProcess.start({ held: [] });
    await addAndStart(server);
    server.kill("SIGTERM");
    expect(await endsInTime(server)).toBe(0);
  });

  test("they end a server whose clients hang", async () => {
    await using server = await ServerProcess.start({ held: ["start a"] });
    const path = server.file("a.conf", slideConfig("test", "a"));
    expect((await server.etmem("obj", "add", "-f", path)).status).toBe(0);
    using silent = await RawClient.connect(server.name);
    using half = (await RawClient.connect(server.name)).send('{"version":2');
    using unread = (await RawClient.connect(server.name, false)).send(SHOW_V1);
    using waiting = (await RawClient.connect(server.name)).send(
      "proj_name test file_name - cmd 2 eng_name - eng_cmd - task_name -",
    );
    // It came last, so the others have been read by now.
    expect(await ask(server.name, SHOW_V1)).toContain("project: test");
    expect(unread.isClosed).toBe(false);
    server.kill("SIGTERM");
    expect(await endsInTime(server)).toBe(0);
    expect(await silent.answer()).toBe("");
    expect(await half.answer()).toBe("");
    expect(await waiting.answer()).toBe(
      "error: etmemd has internal error: etmemd is stopping[failed]",
    );
  });

  test("they end a server whose engine does not stop", async () => {
    await using server = await ServerProcess.start({ held: ["stop a"] });
    await addAndStart(server);
    server.kill("SIGTERM");
    expect(await endsInTime(server)).toBe(0);
  });

  test("a second signal ends it at once", async () => {
    // With one signal it never ends before its projects have had their time; with two it does, but
    // for a machine that is busy at that moment.
    await waitFor(`a server to end in less than ${PROJECTS_MS} ms`, async () => {
      await using server = await ServerProcess.start({ held: ["stop a"] });
      await addAndStart(server);
      const beganMs = performance.now();
      server.kill("SIGTERM");
      await waitFor("the server to close its socket", () => !isListening(server.name), {
        firstPauseMs: 1,
      });
      server.kill("SIGINT");
      expect(await server.exited).toBe(0);
      return performance.now() - beganMs < PROJECTS_MS;
    });
  });

  test("SIGHUP and SIGPIPE are ignored", async () => {
    await using server = await ServerProcess.start();
    server.kill("SIGHUP");
    server.kill("SIGPIPE");
    expect((await server.etmem("project", "show")).status).toBe(0);
  });
});
