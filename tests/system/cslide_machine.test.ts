import { expect, test } from "bun:test";
import { OwnMounts } from "./own_mounts.ts";
import { ServerProcess } from "./server_process.ts";

const CONFIG = `[project]
name=vm
loop=1
interval=1
sleep=1
[engine]
name=cslide
project=vm
node_pair=2,0
hot_threshold=1
node_mig_quota=1024
node_hot_reserve=1024
[task]
project=vm
engine=cslide
name=guests
type=name
value=qemu
`;

/** Makes the machine, as it is seen inside, one with these nodes. */
function showNodes(nodes: string): string {
  const folder = "/sys/devices/system/node";
  return `echo ${nodes} >/run/nodes && ` +
    ["online", "has_memory"].map((file) => `mount --bind /run/nodes ${folder}/${file}`)
      .join(" && ");
}

test("etmem obj add explains what cslide lacks when the machine has one NUMA node", async () => {
  await using mounts = await OwnMounts.create(showNodes("0"));
  await using server = await ServerProcess.start({ through: mounts.enter });
  const { status, stdout, stderr } = await server.etmem(
    "obj",
    "add",
    "-f",
    server.file("cslide", CONFIG),
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toBe(
    'error: invalid parameters: Cannot add engine "cslide": this machine has ' +
      "one NUMA node with memory, node 0; cslide moves memory between DRAM and a slow node, so AEP or CXL memory " +
      "has to be online as a NUMA node of its own first (for example by daxctl reconfigure-device " +
      "--mode=system-ram)\n",
  );
  const shown = await server.etmem("project", "show");
  expect(shown.stdout).toBe("no project exists\n\n");
});
