import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { examine } from "../../../src/doctor/examine.ts";
import { FakeMachine, findingsOf } from "./patient_with.ts";

const ABOUT_KERNEL: ReadonlySet<string> = new Set([
  "swap",
  "transparent huge pages",
  "pressure stall information",
  "control groups",
  "sysctl vm.overcommit_memory",
  "sysctl vm.page-cluster",
  "sysctl vm.swappiness",
]);

const PSI = "proc/pressure/memory";
const MEMINFO = "proc/meminfo";
const SWAPS = "proc/swaps";
const HEAD = "Filename Type Size Used Priority\n";

/** A change of a healthy machine, and what is found of it. */
const CASES: readonly {
  readonly what: string;
  readonly changes: Readonly<Record<string, string | undefined>>;
  readonly about: string;
  readonly weight: "hinders" | "note";
  readonly found: string;
  readonly command: string;
}[] = [
  {
    what: "no swap space",
    changes: {
      [MEMINFO]: "MemTotal: 9 kB\nMemAvailable: 5 kB\nSwapCached: 0 kB\nSwapTotal: 0 kB\n" +
        "SwapFree: 0 kB\n",
      [SWAPS]: HEAD,
    },
    about: "swap",
    weight: "hinders",
    found: "there is no swap space",
    command: "mkswap /dev/zram0 && swapon -p 100 /dev/zram0",
  },
  {
    what: "swap space that is full",
    changes: {
      [MEMINFO]: "MemTotal: 9 kB\nMemAvailable: 5 kB\nSwapCached: 0 kB\nSwapTotal: 2048 kB\n" +
        "SwapFree: 0 kB\n",
    },
    about: "swap",
    weight: "hinders",
    found: "swap space is nearly full (0 B of 2 MiB are free (0 %))",
    command: "swapon --show",
  },
  {
    what: "swap space that is nearly full",
    changes: {
      [MEMINFO]: "MemTotal: 9 kB\nMemAvailable: 5 kB\nSwapCached: 0 kB\nSwapTotal: 2048 kB\n" +
        "SwapFree: 64 kB\n",
    },
    about: "swap",
    weight: "note",
    found: "64 KiB of 2 MiB are free (3.1 %)",
    command: "swapon --show",
  },
  {
    what: "swap space on a rotating disk",
    changes: {
      [SWAPS]: `${HEAD}/dev/sdz partition 1000 100 5\n`,
      "sys/class/block/sdz/queue/rotational": "1\n",
    },
    about: "swap",
    weight: "note",
    found: '"/dev/sdz" is on a rotating disk',
    command: "mkswap /dev/zram0 && swapon -p 100 /dev/zram0",
  },
  {
    what: "huge pages for all",
    changes: { "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n" },
    about: "transparent huge pages",
    weight: "note",
    found: "the kernel uses them for all programs",
    command: "echo madvise > ",
  },
  {
    what: "PSI that is off",
    changes: { [PSI]: undefined },
    about: "pressure stall information",
    weight: "note",
    found: "it is off",
    command: "grubby --update-kernel=ALL --args=psi=1",
  },
  {
    what: "control groups of version 1",
    changes: { "sys/fs/cgroup/cgroup.controllers": undefined },
    about: "control groups",
    weight: "note",
    found: "there are none of version 2",
    command: "grubby --update-kernel=ALL --args=systemd.unified_cgroup_hierarchy=1",
  },
  {
    what: "strict overcommit",
    changes: { "proc/sys/vm/overcommit_memory": "2\n" },
    about: "sysctl vm.overcommit_memory",
    weight: "note",
    found: "it is 2: the kernel promises no more memory than there is",
    command: "grep -E 'CommitLimit|Committed_AS' /proc/meminfo",
  },
  {
    what: "reading ahead from zram",
    changes: { "proc/sys/vm/page-cluster": "3\n" },
    about: "sysctl vm.page-cluster",
    weight: "note",
    found: "it is 3: with a page that comes back the kernel may read 8",
    command: "sysctl vm.page-cluster=0",
  },
  {
    what: "a kernel that does not swap by itself",
    changes: { "proc/sys/vm/swappiness": "0\n" },
    about: "sysctl vm.swappiness",
    weight: "note",
    found: "it is 0: the kernel hardly swaps by itself",
    command: "sysctl vm.swappiness=60",
  },
];

describe("examine()", () => {
  test("finds nothing at a healthy machine, and misses nothing", async () => {
    using machine = new FakeMachine();
    const { findings, unseen } = await examine(machine.patient());
    expect(findings.filter(({ about }) => ABOUT_KERNEL.has(about))).toEqual([]);
    expect(unseen).toEqual([]);
  });

  for (const { what, changes, about, weight, found, command } of CASES) {
    test(`finds ${what}`, async () => {
      using machine = new FakeMachine(changes);
      const findings = await findingsOf(machine.patient(), about);
      expect(findings).toMatchObject([{ weight, found }]);
      expect(findings[0]!.commands.join("\n")).toContain(command);
    });
  }

  test("does not mind reading ahead from a disk", async () => {
    using machine = new FakeMachine({
      "proc/sys/vm/page-cluster": "3\n",
      [SWAPS]: `${HEAD}/swapfile file 1000 100 5\n`,
    });
    expect(await findingsOf(machine.patient(), "sysctl vm.page-cluster")).toEqual([]);
  });

  test("says what it could not look at, and looks at the rest", async () => {
    using machine = new FakeMachine({ [SWAPS]: `${HEAD}nonsense\n`, [PSI]: undefined });
    const { findings, unseen } = await examine(machine.patient());
    expect(unseen).toEqual([
      expect.stringContaining("swap: Cannot read path, type, size, used, priority in line 2"),
      expect.stringContaining("kernel settings: "),
    ]);
    expect(findings.map(({ about }) => about)).toContain("pressure stall information");
  });

  test("finds the pid file of a process that is no etmemd, which hinders no other server", async () => {
    using machine = new FakeMachine();
    writeFileSync(machine.at("etmemd.pid"), "1\n");
    const found = `"${machine.at("etmemd.pid")}" names process 1, which is no etmemd`;
    expect(await findingsOf(machine.patient(), "pid file")).toMatchObject([
      { weight: "hinders", found, commands: [`rm ${machine.at("etmemd.pid")}`, expect.anything()] },
    ]);
    const running = [{ pid: 7, socket: "other" }];
    expect(await findingsOf(machine.patient({ running }), "pid file")).toMatchObject([
      { weight: "note", found },
    ]);
    writeFileSync(machine.at("etmemd.pid"), "");
    expect(await findingsOf(machine.patient(), "pid file")).toMatchObject([
      { found: `"${machine.at("etmemd.pid")}" holds no pid` },
    ]);
  });

  test("finds what systemd says of the unit", async () => {
    using machine = new FakeMachine();
    const unit = (text: string) =>
      findingsOf(machine.patient({ output: () => text }), "unit etmemd.service");
    expect(await unit("LoadState=loaded\nActiveState=failed\nResult=exit-code\n")).toMatchObject([
      {
        weight: "hinders",
        found: "it has failed: exit-code",
        commands: ["journalctl -u etmemd -n 50", "systemctl restart etmemd"],
      },
    ]);
    expect(await unit("LoadState=masked\nActiveState=inactive\n")).toMatchObject([
      { weight: "hinders", commands: ["systemctl unmask etmemd", expect.anything()] },
    ]);
    expect(
      await unit("LoadState=loaded\nActiveState=active\nUnitFileState=disabled\n"),
    ).toMatchObject([{ weight: "note", commands: ["systemctl enable etmemd"] }]);
    expect(await unit("LoadState=not-found\nActiveState=inactive\n")).toEqual([]);
  });

  test("finds a folder that others may write to, and files that are refused", async () => {
    using machine = new FakeMachine();
    const folder = machine.at("conf.d");
    mkdirSync(folder, { mode: 0o755 });
    const file = machine.at("conf.d/it is");
    writeFileSync(file, "[project]\nname=x\n", { mode: 0o640 });
    expect(await findingsOf(machine.patient(), `file ${file}`)).toMatchObject([
      { weight: "hinders", commands: [`chmod 600 '${file}'`] },
    ]);
    // Files of the servers that run come first.
    const running = [{ pid: 7, socket: "x", confDir: machine.at("nowhere") }];
    expect(await findingsOf(machine.patient({ running }), `folder ${machine.at("nowhere")}`))
      .toMatchObject([{ weight: "hinders", found: expect.stringContaining("no such folder") }]);
  });
});
