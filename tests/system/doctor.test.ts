import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../src/doctor/finding.ts";
import type { RoundStatus } from "../../src/status/round_status.ts";
import { TRACKERS } from "../../src/tracker/trackers.ts";
import { hasHugePages, startHugeTarget } from "../tools/fixtures/huge_target.ts";
import { ScratchFolder } from "../tools/fixtures/scratch_folder.ts";
import { TargetProcess } from "../tools/fixtures/target_process.ts";
import { TemporarySwap } from "../tools/fixtures/temporary_swap.ts";
import { waitFor } from "../tools/fixtures/wait_for.ts";
import { OwnMounts } from "./own_mounts.ts";
import { OwnSocket } from "./own_socket.ts";
import { freshName, runServer, ServerProcess, slideConfig } from "./server_process.ts";
import { slideFile, SlideServer } from "./slide_server.ts";

const MAIN = join(import.meta.dir, "../../main.ts");
const MIB = 2 ** 20;
/** A PID namespace in which no server runs. */
const ALONE = ["unshare", "--pid", "--fork", "--mount-proc"];
const NOBODY = 65_534;

const swap = TemporarySwap.make(64 * MIB);
const missing = swap.missing;
if (missing !== undefined) console.log(`etmem doctor: left out what needs swap: ${missing}`);
const hasPageTracker = TRACKERS.some(({ granularity, missing: lacks }) =>
  granularity === "page" && lacks() === undefined
);

afterAll(() => swap[Symbol.dispose]());

interface Diagnosis {
  readonly hinders: number;
  readonly findings: readonly Finding[];
  readonly not_seen: readonly string[];
}

/** What a command line prints, and its status; it runs `etmem doctor --json`. */
function run(command: readonly string[]): { status: number; diagnosis: Diagnosis } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command]);
  const text = stdout.toString();
  if (text === "") throw new Error(`etmem doctor printed nothing: ${stderr.toString()}`);
  return { status: exitCode, diagnosis: JSON.parse(text) as Diagnosis };
}

function doctor(args: readonly string[], through: readonly string[] = []): ReturnType<typeof run> {
  return run([...through, process.execPath, MAIN, "doctor", "--json", ...args]);
}

/** What the doctor finds of something, and how it ended. */
function findingsOf({ diagnosis }: ReturnType<typeof run>, about: string): readonly Finding[] {
  return diagnosis.findings.filter((finding) => finding.about === about);
}

/** What it finds of a task of slideFile(). */
function taskFindings(server: ServerProcess, project: string): readonly Finding[] {
  const outcome = doctor(["-s", server.name, "-n", project]);
  return findingsOf(outcome, `project "${project}", task "t"`);
}

describe("etmem doctor", () => {
  test("says that no server runs, and how to start one", () => {
    const name = freshName();
    const outcome = doctor(["-s", name], ALONE);
    expect(outcome.status).toBe(1);
    expect(findingsOf(outcome, "server")).toMatchObject([{
      weight: "hinders",
      found: "no etmemd runs here",
      commands: [expect.stringMatching(/^(etmemd -s \S+ -m|systemctl enable --now etmemd)$/)],
    }]);
  });

  test("names the server that runs where another name was given", async () => {
    await using server = await ServerProcess.start();
    const outcome = doctor(["-s", freshName()]);
    const [finding] = findingsOf(outcome, "server");
    expect(finding).toMatchObject({ weight: "hinders" });
    expect(finding!.found).toContain("no etmemd listens on that name");
    expect(finding!.commands).toContain(`etmem doctor -s ${server.name}`);
  });

  test("finds the pid file of a server that was killed", async () => {
    await using mounts = await OwnMounts.create();
    await using socket = new OwnSocket();
    const started = await runServer(["-s", socket.name, "-m"], process.env, mounts.enter);
    expect(started.status).toBe(0);
    const pid = socket.serverPid;
    process.kill(pid, "SIGKILL");
    await waitFor("the server to end", () => socket.processes().length === 0);
    const outcome = doctor([], [...mounts.enter, ...ALONE]);
    expect(outcome.status).toBe(1);
    expect(findingsOf(outcome, "pid file")).toMatchObject([{
      weight: "hinders",
      found: `"/run/etmemd.pid" names process ${pid}, which is no etmemd`,
      commands: ["rm /run/etmemd.pid", expect.anything()],
    }]);
  });

  test("says what it cannot see without being root", () => {
    const script = join(import.meta.dir, "unprivileged_doctor_client.ts");
    const outcome = run([process.execPath, script, String(NOBODY)]);
    expect(outcome.status).toBe(1);
    expect(findingsOf(outcome, "rights")).toMatchObject([{
      weight: "hinders",
      commands: ["sudo etmem doctor"],
    }]);
    expect(outcome.diagnosis.not_seen.join("\n")).toMatch(/trackers[^]*configuration files/);
    expect(outcome.diagnosis.findings.filter(({ about }) => about.startsWith("tracker"))).toEqual(
      [],
    );
  });

  test("says why a file is refused", async () => {
    await using server = await ServerProcess.start();
    const path = server.file("open.conf", slideConfig("open", "t"));
    chmodSync(path, 0o644);
    const outcome = doctor(["-s", server.name, "-f", path]);
    expect(outcome.status).toBe(1);
    expect(findingsOf(outcome, `file ${path}`)).toMatchObject([{
      weight: "hinders",
      found: expect.stringContaining("its mode is 0644"),
      commands: [`chmod 600 ${path}`],
    }]);
    chmodSync(path, 0o600);
    expect(findingsOf(doctor(["-s", server.name, "-f", path]), `file ${path}`)).toEqual([]);
  });

  test("looks without a server whether a file finds its processes", async () => {
    await using server = await ServerProcess.start();
    const text = slideConfig("files", "t").replace("sleep=1", "sleep=1\nsysmem_threshold=0");
    const path = server.file("files.conf", text);
    const findings = findingsOf(doctor(["-f", path], ALONE), 'project "files", task "t"');
    expect(findings).toMatchObject([
      { weight: "hinders", found: expect.stringContaining('no process named "no-such-process"') },
      { weight: "hinders", found: expect.stringMatching(/not below sysmem_threshold .*available/) },
    ]);
  });

  test("finds a server without a project, and a project that is stopped", async () => {
    await using server = await ServerProcess.start();
    expect(findingsOf(doctor(["-s", server.name]), "projects")).toMatchObject([{
      weight: "hinders",
      commands: [expect.stringContaining("obj add"), expect.stringContaining("project start")],
    }]);
    const path = server.file("still.conf", slideConfig("still", "t"));
    expect(await server.etmem("obj", "add", "-f", path)).toMatchObject({ status: 0 });
    expect(findingsOf(doctor(["-s", server.name]), 'project "still"')).toMatchObject([{
      weight: "hinders",
      found: "it is stopped",
      commands: [`etmem project start -n still -s ${server.name}`],
    }]);
    expect(findingsOf(doctor(["-s", server.name, "-n", "stil"]), "projects")).toMatchObject([{
      weight: "hinders",
      commands: [`etmem doctor -n still -s ${server.name}`],
    }]);
  });

  test("prints for people what it prints as JSON", async () => {
    await using server = await ServerProcess.start();
    const { status, stdout, stderr } = await server.etmem("doctor");
    expect(status).toBe(1);
    expect(stdout).toContain(`hinders   projects: the server "${server.name}" has no project`);
    expect(stdout).toContain(`    etmem project start -n PROJECT -s ${server.name}\n`);
    expect(stderr).toMatch(/^etmem: \d+ things? hinders? etmem here\n$/);
  });
});

describe.skipIf(process.getuid?.() !== 0 || Bun.which("setpriv") === null)("etmem doctor", () => {
  test("finds that a server lacks rights, and the command that gives them back", async () => {
    await using server = await ServerProcess.start({
      through: ["setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice"],
    });
    const outcome = doctor(["-s", server.name]);
    expect(outcome.status).toBe(1);
    expect(findingsOf(outcome, "mover process_madvise")).toMatchObject([{
      weight: "hinders",
      found: "cannot be used: this process lacks CAP_SYS_NICE",
      commands: expect.arrayContaining([expect.stringContaining("--cap-add=SYS_NICE")]),
    }]);
  });
});

describe.skipIf(missing !== undefined)("etmem doctor -n", () => {
  test("finds a threshold that a large host never reaches", async () => {
    await using server = await SlideServer.launch();
    using trial = await TargetProcess.start();
    const text = slideFile("idle", { pid: trial.pid });
    await server.add("idle", text.replace("sleep=1", "sleep=1\nsysmem_threshold=1"));
    await server.untilRound("idle", "that is done", ({ state }) => state === "done");
    const findings = taskFindings(server.process, "idle");
    expect(findings).toMatchObject([{
      weight: "hinders",
      found: expect.stringMatching(/^1 process: MemAvailable is not below sysmem_threshold \(.*%/),
      remedy: expect.stringContaining("Raise sysmem_threshold"),
      commands: ["grep -E 'MemTotal|MemAvailable' /proc/meminfo"],
    }]);
  });

  test("finds why a project of --conf-dir waits", async () => {
    using folder = new ScratchFolder();
    const text = slideFile("pinned", { comm: "no-such-process" });
    const path = folder.at("pinned.conf");
    // One of the two is missing on any kernel.
    const pinned = text.replace("tracker=smaps", "tracker=idle_pages");
    writeFileSync(path, pinned.replace("T=1", "T=1\nswap_flag=yes"), { mode: 0o600 });
    await using server = await ServerProcess.start({ args: ["--conf-dir", folder.path] });
    const about = 'project "pinned"';
    const found = await waitFor("the project to wait", () => {
      const findings = findingsOf(doctor(["-s", server.name]), about);
      return findings.length > 1 && findings;
    });
    expect(found).toMatchObject([
      {
        weight: "hinders",
        found: expect.stringMatching(/^it waits: Cannot start task .*no tracker can be used/),
        remedy: expect.stringContaining("remove `tracker` or `mover` from [project]"),
      },
      { weight: "hinders", found: expect.stringMatching(/^idle_pages: /) },
    ]);
  });

  test("finds a name that matches nothing, and one that may be meant", async () => {
    await using server = await SlideServer.launch();
    const comm = `dr${process.pid}target`.slice(0, 15);
    using _trial = await TargetProcess.start({ name: comm });
    const wrong = comm.replace("target", "tarket");
    await server.add("name", slideFile("name", { comm: wrong }));
    await server.untilRound("name", "that is done", ({ state }) => state === "done");
    expect(taskFindings(server.process, "name")).toMatchObject([{
      weight: "hinders",
      found: `there is no process named "${wrong}" (there is one named "${comm}")`,
      commands: [expect.stringMatching(/^ps -eo pid,comm/)],
    }]);
  });

  test("finds that too much comes back", async () => {
    await using server = await SlideServer.launch();
    // What a scan of a second finds idle is used a second later.
    using trial = await TargetProcess.start({ hot: "first:1", pauseMs: 2500 });
    await server.add("back", slideFile("back", { pid: trial.pid }));
    await waitFor("memory to come back twice", async () => {
      const { total } = await server.task("back");
      return total.came_back_bytes > 12 * MIB;
    }, { firstPauseMs: 100, seconds: 200 });
    expect(taskFindings(server.process, "back")).toContainEqual(expect.objectContaining({
      weight: "hinders",
      found: expect.stringMatching(/^too much comes back: .* in the last \d+ rounds$/),
      commands: [`etmem status -n back -s ${server.process.name}`],
    }));
  });

  test.skipIf(!hasPageTracker || !hasHugePages())(
    "finds that everything is hot at 2 MiB",
    async () => {
      await using server = await SlideServer.launch();
      using trial = await startHugeTarget({ sizeBytes: 16 * MIB, hot: "every:512", flush: true });
      // A dry run: what once moved, since the target had to wait for a CPU, would come back small.
      const text = slideFile("huge", { pid: trial.pid }).replace("tracker=smaps", "dry_run=yes");
      await server.add("huge", text);
      const isHot = ({ state, hot_huge_bytes: huge }: RoundStatus): boolean =>
        state === "done" && huge >= 16 * MIB;
      await server.untilRound("huge", "in which the area is hot", isHot);
      // The last round that is done by then may be a later one, in which the target had no CPU.
      const found = await waitFor("the doctor to find a hot area", () => {
        return taskFindings(server.process, "huge").find((one) => one.found.includes("are hot"));
      });
      expect(found).toMatchObject({
        weight: "hinders",
        found: expect.stringMatching(/are hot at 2 MiB, and hardly anything is cold$/),
        commands: [expect.stringContaining("transparent_hugepage/enabled")],
      });
    },
  );
});
