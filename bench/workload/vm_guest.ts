import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { swapOnZram } from "../../tests/vm/guest/machine.ts";
import { waitFor } from "../../tests/tools/fixtures/wait_for.ts";
import { messageOf } from "../../src/text/message_of.ts";
import { folderOfBuild } from "./other_build.ts";
import { PEERS } from "./peers.ts";
import { runBeside } from "./run.ts";
import { WORKLOADS } from "./workload_table.ts";

/**
 * The part of a run that is inside the test VM, in a process of its own. Its argument is
 * WORKLOAD,PEER,SECONDS,WINDOW,SEED,PASS; prints `run ARGUMENT JSON`, or what went wrong.
 */
const BIN = "/tmp/bin";
const FOLDER = "/tmp/bench";
const CGROUPS = "/sys/fs/cgroup";
const CGROUP = `${CGROUPS}/workload`;
/** Another build, where the host has one. */
const BEFORE = `${BIN}/etmem_before`;
const SWAP_MIB = 1024;

/**
 * A control group for the workload alone, a new one: the pressure of an earlier run would steer
 * this one. Memory counts where it is first used.
 * @returns what starts a program in it.
 */
async function prepareCgroup(): Promise<readonly string[]> {
  writeFileSync(`${CGROUPS}/cgroup.subtree_control`, "+memory");
  if (existsSync(CGROUP)) {
    writeFileSync(`${CGROUP}/cgroup.kill`, "1");
    const events = `${CGROUP}/cgroup.events`;
    await waitFor(
      "the last run to end",
      () => readFileSync(events, "latin1").includes("populated 0"),
    );
    rmdirSync(CGROUP);
  }
  mkdirSync(CGROUP);
  return ["bash", "-c", `echo $$ > ${CGROUP}/cgroup.procs; exec "$@"`, "bash"];
}

async function run(argument: string): Promise<string> {
  const [workloadName, peerName, seconds, windowSeconds, seed] = argument.split(",");
  const workload = WORKLOADS.find(({ name }) => name === workloadName);
  const peer = PEERS.find(({ name }) => name === peerName);
  if (workload === undefined || peer === undefined) throw new Error("there is no such run");
  mkdirSync(FOLDER, { recursive: true });
  swapOnZram(SWAP_MIB);
  const before = existsSync(BEFORE) ? folderOfBuild(BEFORE, FOLDER) : undefined;
  const done = await runBeside(peer, {
    executable: `${BIN}/workload`,
    through: await prepareCgroup(),
    workload,
    course: { seconds: Number(seconds), seed: Number(seed) },
    windowSeconds: Number(windowSeconds),
    comm: "workload",
  }, { folder: FOLDER, bin: BIN, before, vm: { cgroup: CGROUP, reclaim: `${BIN}/reclaim` } });
  return JSON.stringify(done);
}

const argument = process.argv[2] ?? "";
try {
  console.log(`run ${argument} ${await run(argument)}`);
} catch (error) {
  console.log(`not ok ${argument}: ${messageOf(error).replaceAll("\n", "; ")}`);
}
process.exit(0);
