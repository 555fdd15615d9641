import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { processCpuSeconds } from "../process_cpu_clock.ts";
import { type Attached, NotThere, type Peer, type Surroundings } from "./peer.ts";

/** Documentation/admin-guide/mm/multigen_lru.rst */
const LRU_GEN = "/sys/kernel/mm/lru_gen/enabled";
const INTERVAL_MS = 1000;
/** The limit of oomd's senpai for `some`, in percent. */
const PRESSURE_LIMIT = 0.1;

/** Has the kernel reclaim so much a second while the group does not wait for memory. */
export interface ReclaimSetting {
  readonly name: string;
  readonly about: string;
  readonly family: string;
  /** Of what the group has, 0 to 1. */
  readonly share: number;
  /** Whether the kernel finds what is old by generations (MGLRU). */
  readonly generations: boolean;
}

/** @returns what puts it back. */
function switchGenerations(on: boolean): Disposable {
  if (!existsSync(LRU_GEN)) throw new NotThere(`this kernel has no ${LRU_GEN}`);
  const before = readFileSync(LRU_GEN, "latin1");
  writeFileSync(LRU_GEN, on ? "y" : "n");
  return { [Symbol.dispose]: () => writeFileSync(LRU_GEN, before) };
}

function attach({ share }: ReclaimSetting, { vm }: Surroundings): Promise<Attached> {
  if (vm === undefined) throw new NotThere("the test VM alone has a control group for it");
  if (!existsSync(`${vm.cgroup}/memory.reclaim`)) {
    throw new NotThere(`there is no ${vm.cgroup}/memory.reclaim`);
  }
  const command = [vm.reclaim, vm.cgroup, ...[INTERVAL_MS, share, PRESSURE_LIMIT].map(String)];
  let child: Bun.Subprocess | undefined;
  return Promise.resolve({
    begin: () => void (child = Bun.spawn(command, { stdio: ["ignore", "ignore", "inherit"] })),
    cpuSeconds: () => child === undefined ? 0 : processCpuSeconds(child.pid),
    note: () => Promise.resolve(pressureTotal(vm.cgroup)),
    async [Symbol.asyncDispose]() {
      child?.kill("SIGKILL");
      await child?.exited;
    },
  });
}

/** For how long something in the group waited for memory (Documentation/accounting/psi.rst). */
function pressureTotal(cgroup: string): string {
  const text = readFileSync(`${cgroup}/memory.pressure`, "latin1");
  const us = Number(/^some .*total=(\d+)$/m.exec(text)?.[1]);
  return `PSI some: ${(us / 1e6).toFixed(2)} s`;
}

/** memory.reclaim, steered by the pressure of the control group, in the test VM. */
export function reclaimPeer(setting: ReclaimSetting): Peer {
  const { name, about, family } = setting;
  return {
    name,
    about,
    family,
    vmOnly: true,
    prepare: () => switchGenerations(setting.generations),
    attach: (at) => attach(setting, at),
  };
}
