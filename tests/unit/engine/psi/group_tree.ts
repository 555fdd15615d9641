import { FakeSysfs } from "../../procfs/fake_nodes.ts";

export const MIB: number = 2 ** 20;

const CALM = "some avg10=0.00 avg60=0.02 avg300=0.00 total=5\n" +
  "full avg10=0.00 avg60=0.00 avg300=0.00 total=2\n";

type Files = Readonly<Record<string, string | undefined>>;

/** The files of a group, each with the folder that it is in. */
function filesOf(folder: string, files: Files): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, text]) =>
      text === undefined ? [] : [[`${folder}/${name}`, text]]
    ),
  );
}

/** memory.stat of a group. */
export function stat(values: Readonly<Record<string, number>>, prefix = ""): string {
  const own = prefix === ""
    ? ""
    : "inactive_anon 1\ninactive_file 1\nhierarchical_memory_limit 1\n";
  return own +
    Object.entries(values).map(([name, value]) => `${prefix}${name} ${value}\n`).join("");
}

const STAT = {
  anon: 80 * MIB,
  inactive_anon: 60 * MIB,
  active_anon: 20 * MIB,
  inactive_file: 10 * MIB,
  active_file: 6 * MIB,
  workingset_refault_anon: 7,
  workingset_refault_file: 8,
  pgmajfault: 9,
};

/** A tree as a host with control groups of version 2 has it, with one group. */
export function treeOfVersion2(path: string, files: Files = {}): FakeSysfs {
  return new FakeSysfs({
    "cgroup.controllers": "memory io\n",
    ...filesOf(path, {
      "cgroup.procs": "",
      "memory.current": `${100 * MIB}\n`,
      "memory.swap.current": `${5 * MIB}\n`,
      "memory.max": "max\n",
      "memory.high": "max\n",
      "memory.low": "0\n",
      "memory.min": "0\n",
      "memory.stat": stat({ ...STAT, pgsteal: 100 }),
      "memory.reclaim": "",
      "memory.pressure": CALM,
      "io.pressure": CALM,
      ...files,
    }),
  });
}

/** A tree as openEuler has it with version 1 and psi_v1=1, with one group. */
export function treeOfVersion1(path: string, files: Files = {}): FakeSysfs {
  return new FakeSysfs({
    "memory/cgroup.procs": "",
    ...filesOf(`memory/${path}`, {
      "memory.usage_in_bytes": `${100 * MIB}\n`,
      "memory.limit_in_bytes": "9223372036854771712\n",
      "memory.stat": stat({ ...STAT, swap: 5 * MIB }, "total_"),
      "memory.reclaim": "",
      ...files,
    }),
    ...filesOf(`cpuacct/${path}`, { "memory.pressure": CALM, "io.pressure": CALM }),
  });
}
