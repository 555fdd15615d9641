import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../tools/fixtures/compile.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { OwnMounts } from "./own_mounts.ts";
import { OwnSocket } from "./own_socket.ts";
import { ask, SHOW_V1 } from "./raw_client.ts";
import { freshName, isListening, slideConfig } from "./server_process.ts";
import { version as VERSION } from "../../package.json";

const MAIN = join(import.meta.dir, "../../main.ts");

/** An empty /dev that has what a program needs; /dev/log is then a test's own. */
const OWN_DEV = "mkdir /run/dev && mount --bind /dev /run/dev && mount -t tmpfs tmpfs /dev && " +
  "for n in null zero full random urandom; do : >/dev/$n && mount --bind /run/dev/$n /dev/$n; done";

/** A server, and the reader of its system log. */
interface Logged {
  readonly name: string;
  readonly pid: number;
  readonly log: () => string;
  /** Stops the reader, or has it go on. */
  readonly signalReader: (signal: "SIGSTOP" | "SIGCONT") => void;
  /** Ends the server. @returns its exit status. */
  readonly stop: () => Promise<number>;
}

/** Starts a server whose system log a test reads. */
async function withSyslog(
  level: string,
  use: (server: Logged) => Promise<void>,
): Promise<void> {
  await using mounts = await OwnMounts.create(OWN_DEV);
  const sink = Bun.spawn([
    ...mounts.enter,
    compile(join(import.meta.dir, "../tools/fixtures/syslog_sink.c")),
  ], {
    stdio: ["ignore", Bun.file(mounts.path("/run/log")), "inherit"],
  });
  const name = freshName();
  try {
    await waitFor("/dev/log", () => {
      return Bun.spawnSync(["test", "-S", mounts.path("/dev/log")]).success;
    });
    const server = Bun.spawn(
      [...mounts.enter, process.execPath, MAIN, "etmemd", "-s", name, "-l", level],
      { stdio: ["ignore", "ignore", "ignore"] },
    );
    try {
      await waitFor("the server to listen", () => isListening(name));
      const log = (): string => readFileSync(mounts.path("/run/log"), "utf8");
      const stop = (): Promise<number> => {
        server.kill("SIGTERM");
        return server.exited;
      };
      const signalReader = (signal: "SIGSTOP" | "SIGCONT"): void => sink.kill(signal);
      await use({ name, pid: server.pid, log, signalReader, stop });
    } finally {
      sink.kill("SIGCONT");
      server.kill("SIGTERM");
      await server.exited;
    }
  } finally {
    sink.kill();
    await sink.exited;
  }
}

test("the system log gets ident, pid, facility and priority of each line", async () => {
  await withSyslog("0", async ({ name, pid, log }) => {
    using folder = new ScratchFolder();
    const path = folder.at("x.conf");
    writeFileSync(path, slideConfig("x", "a").replace("loop=1", "loop=1\nlopo=2"), { mode: 0o600 });
    const request = (cmd: number): string =>
      `proj_name x file_name ${path} cmd ${cmd} eng_name - eng_cmd - task_name -`;
    expect(await ask(name, request(0))).toEndWith("[ok]");
    expect(await ask(name, request(3))).toEndWith("[failed]");
    const text = await waitFor("the refusal in the log", () => {
      return log().includes("has been stopped") ? log() : undefined;
    });
    const lines = text.trim().split("\n");
    // LOG_USER is 8; LOG_INFO is 6, LOG_WARNING 4 (syslog(3)).
    for (const line of lines) expect(line).toMatch(/^<(?:14|12|15)>\w{3} [ \d]\d [\d:]{8} /);
    const said = (priority: number, what: string): boolean =>
      lines.some((line) =>
        line.startsWith(`<${priority}>`) && line.includes(` [etmemd] [${pid}]: `) &&
        line.includes(what)
      );
    expect(said(14, `listens on socket "${name}"`)).toBe(true);
    expect(said(12, '"lopo"') || said(12, "lopo")).toBe(true);
    expect(said(14, `obj add "${path}": done`)).toBe(true);
    expect(said(12, 'project stop "x": error: project has been stopped: "x"')).toBe(true);
  });
});

test("the default level leaves out what is no error", async () => {
  await withSyslog("3", async ({ name, log }) => {
    expect(await ask(name, SHOW_V1)).toEndWith("[ok]");
    expect(log()).toBe("");
  });
});

/** A request that is in the log as a refusal: more of them than the kernel holds for a reader. */
const REFUSED = 100;

function refusal(number: number): string {
  return `project stop "p${number}": error:`;
}

async function askForRefusals(name: string): Promise<void> {
  for (let i = 0; i < REFUSED; i++) {
    const answer = await ask(
      name,
      `proj_name p${i} file_name - cmd 3 eng_name - eng_cmd - task_name -`,
    );
    expect(answer).toEndWith("[failed]");
  }
}

test("a system log that nobody reads keeps no client waiting, and no SIGTERM", async () => {
  await withSyslog("0", async ({ name, log, signalReader, stop }) => {
    signalReader("SIGSTOP");
    await askForRefusals(name);
    // Both ends while the reader still stands.
    expect(await stop()).toBe(0);
    expect(log()).not.toContain(refusal(REFUSED - 1));
  });
});

test("a system log that is read late gets every line, in order", async () => {
  await withSyslog("0", async ({ name, log, signalReader }) => {
    signalReader("SIGSTOP");
    await askForRefusals(name);
    expect(log()).not.toContain(refusal(REFUSED - 1));
    signalReader("SIGCONT");
    const text = await waitFor("the last refusal in the log", () => {
      return log().includes(refusal(REFUSED - 1)) ? log() : undefined;
    });
    const numbers = [...text.matchAll(/project stop "p(\d+)": error:/g)].map(([, n]) => Number(n));
    expect(numbers).toEqual(Array.from({ length: REFUSED }, (_, i) => i));
  });
});

test("in the foreground on a terminal the log goes to standard error too", async () => {
  await using socket = new OwnSocket();
  const { name } = socket;
  let seen = "";
  const server = Bun.spawn([process.execPath, MAIN, "etmemd", "-s", name, "-l", "1"], {
    terminal: { data: (_terminal, bytes) => void (seen += Buffer.from(bytes).toString()) },
  });
  await waitFor("the server's first line", () => seen.includes("listens on socket"));
  expect(seen).toContain(` info: etmemd ${VERSION} listens on socket "${name}"`);
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  await waitFor("the server's last line", () => seen.includes("info: etmemd has stopped"));
});
