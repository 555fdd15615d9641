import { writeFileSync } from "node:fs";
import {
  ALL,
  EIGHTH,
  HUGETLB,
  SLOW,
  startOn,
  unitsByNode,
  UNREACHABLE_RESERVE_MB,
} from "../guest/cslide_trial.ts";
import { demand, note } from "../guest/demand.ts";
import { abiStats } from "../guest/machine.ts";
import { Server } from "../guest/server.ts";
import { MIB } from "../guest/slide_trial.ts";
import {
  cslideConfig,
  HUGE_BYTES,
  poolFree,
  poolSize,
  poolSizes,
  setPools,
  tasksOf,
} from "../guest/slow_memory.ts";
import type { Scenario } from "../scenario.ts";

const SCAN_AS_HUGE = 0x100_0000;
const SCAN_IGN_HOST = 0x200_0000;

/** showhostpages says for each node of the pairs what the pools say. */
async function checkHostPages(server: Server, hotBytes: number, coldBytes: number): Promise<void> {
  const command = ["engine", "showhostpages", "-n", "vm", "-e", "cslide"];
  const table = await server.etmem(...command);
  const rows = [0, 1, 2, 3].map((node) => {
    const total = poolSize(node) * HUGE_BYTES;
    return {
      node,
      total_bytes: total,
      used_bytes: total - poolFree(node) * HUGE_BYTES,
      hot_bytes: node === 0 ? hotBytes : 0,
      cold_bytes: node === 2 ? coldBytes : 0,
    };
  });
  const wanted = rows.map((row) =>
    Object.values(row).map((value, i) =>
      String(i === 0 ? value : value / 1024).padStart(i === 0 ? 5 : 10)
    ).join(" ")
  );
  const head = "] host pages info (KB):\n node      total       used        hot       cold\n";
  demand(table.endsWith(`${head}${wanted.join("\n")}\n`), `${table} is not ${wanted.join("; ")}`);
  const document = JSON.parse(await server.etmem(...command, "--json")) as {
    taken_at: string;
    nodes: Record<string, number>[];
  };
  demand(Math.abs(Date.parse(document.taken_at) - Date.now()) < 60_000, document.taken_at);
  for (const [i, row] of rows.entries()) {
    for (const [name, value] of Object.entries(row)) {
      demand(document.nodes[i]?.[name] === value, `${name} in ${JSON.stringify(document)}`);
    }
  }
}

/** What the engine's commands and status say of a virtual machine, and what they refuse. */
const commands: Scenario = {
  name: "cslide_commands_answer_clearly",
  deadlineSeconds: 300,
  async run() {
    const pools = setPools(10, 30);
    // a descriptor of this name is what tells a process with a virtual machine
    writeFileSync("/dev/kvm", "");
    const vm = ["bash", "-c", 'exec 9</dev/kvm && exec "$@"', "vm", ...SLOW];
    using target = await startOn(vm, HUGETLB, 32 * MIB, EIGHTH);
    using guest = await startOn(vm, HUGETLB, 4 * MIB, ALL);
    const server = await Server.start();
    await server.add([
      ...cslideConfig(
        { vm: target.pid },
        { node_hot_reserve: UNREACHABLE_RESERVE_MB },
        HUGETLB.task,
      ),
      // the last to be scanned; with all of its accesses ignored
      ...tasksOf(cslideConfig({ guest: guest.pid }, {}, { ...HUGETLB.task, ign_host: "yes" })),
      ["engine", { name: "slide", project: "vm" }],
    ]);
    const onEngine = async (
      engine: string,
      command: string,
      ...more: string[]
    ): Promise<string> => {
      const answer = await server.client(
        "engine",
        command,
        "-n",
        "vm",
        "-e",
        engine,
        ...more,
      );
      if (answer.status === 0) return answer.stdout;
      demand(answer.status === 1 && answer.stdout === "", `${answer.status}: ${answer.stdout}`);
      return answer.stderr;
    };
    const expectAnswer = (answer: string, ...parts: string[]): void => {
      demand(answer.trim().split("\n").length === 1, `more than a line: ${answer}`);
      for (const part of parts) demand(answer.includes(part), `"${answer}" lacks "${part}"`);
    };
    const stopped = ["error: project has been stopped", "start it to use engine commands"];
    expectAnswer(await onEngine("cslide", "showtaskpages", "-t", "vm"), ...stopped);
    expectAnswer(await onEngine("cslide", "showhostpages", "--json"), ...stopped);

    await server.etmem("project", "start", "-n", "vm");
    expectAnswer(
      await onEngine("cslide", "showtaskpages", "-t", "vm"),
      "no pages of task vm: its first round is not done yet",
    );
    expectAnswer(
      await onEngine("cslide", "showtaskpages", "-t", "nobody"),
      "error: task is not exist",
      "nobody",
    );
    expectAnswer(await onEngine("cslide", "showtaskpages"), "error: invalid parameters", "-t TASK");
    expectAnswer(
      await onEngine("cslide", "showall"),
      "error: invalid parameters",
      'no command "showall": it has showtaskpages and showhostpages',
    );
    for (const command of ["showtaskpages", "showhostpages"]) {
      expectAnswer(
        await onEngine("slide", command),
        "error: invalid parameters",
        `engine slide has no command "${command}": it has none`,
      );
    }
    expectAnswer(await onEngine("psi", "showhostpages"), "error: engine is not exist", "psi");

    await server.untilRounds("vm", 1);
    note({ after: unitsByNode(target, HUGETLB), flags: abiStats()("scan_last_arg") });
    demand(
      abiStats()("scan_last_arg") === SCAN_AS_HUGE + SCAN_IGN_HOST,
      `the flags of the scan are ${abiStats()("scan_last_arg")}`,
    );
    await checkHostPages(server, 4 * MIB, 32 * MIB);
    const status = await server.etmem("status", "-n", "vm");
    demand(/nodes +2 to 0 \(DRAM\) 4 MiB, 0 to 2 \(slow\) 0 B/.test(status), status);
    demand(/nodes +3 to 1 \(DRAM\) 0 B, 1 to 3 \(slow\) 0 B/.test(status), status);

    await server.etmem("project", "stop", "-n", "vm");
    expectAnswer(await onEngine("cslide", "showtaskpages", "-t", "vm", "--json"), ...stopped);
    expectAnswer(await onEngine("cslide", "showhostpages"), ...stopped);
    demand(poolSizes() === pools, `the pools were ${pools}, are ${poolSizes()}`);
    demand(await target.verify() + await guest.verify() === 0, "contents are wrong");
  },
};

export const cslideCommands: readonly Scenario[] = [commands];
