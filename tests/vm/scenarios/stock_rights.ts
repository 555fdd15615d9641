import { demand } from "../guest/demand.ts";
import { MIB, trySlide } from "../guest/slide_trial.ts";
import type { Scenario } from "../scenario.ts";

/** Something that keeps etmemd from reading page tables. */
interface Obstacle {
  readonly name: string;
  /** Words in front of the server's command line. */
  readonly through?: readonly string[];
  /** What status says of the tracker page_table. */
  readonly reason: RegExp;
}

/** Nothing of the target is in use: smaps sees that, too. */
async function fallBack({ through = [], reason }: Obstacle): Promise<void> {
  const { server, task } = await trySlide({ sizeBytes: 64 * MIB, hot: "none" }, {}, through);
  demand(task.tracker === "smaps", `used ${task.tracker}`);
  const shown = await server.etmem("status");
  const said = /no page_table: (.*)/.exec(shown)?.[1] ?? "";
  demand(reason.test(said), `status says of page_table: ${said || shown}`);
}

function obstructed(obstacle: Obstacle): Scenario {
  return {
    name: `stock_without_page_table_${obstacle.name}`,
    deadlineSeconds: 300,
    run: () => fallBack(obstacle),
  };
}

/** On a stock kernel that would let it. */
export const stockObstacles: readonly Scenario[] = [
  obstructed({
    name: "bpf_rights",
    through: ["setpriv", "--bounding-set=-bpf,-sys_admin"],
    reason: /^this process lacks CAP_BPF or CAP_SYS_ADMIN/,
  }),
  obstructed({
    name: "perfmon_rights",
    through: ["setpriv", "--bounding-set=-perfmon,-sys_admin"],
    reason: /^this process lacks CAP_PERFMON or CAP_SYS_ADMIN/,
  }),
  obstructed({
    name: "btf",
    through: [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount -t tmpfs tmpfs /sys/kernel/btf && exec "$@"',
      "sh",
    ],
    reason: /BTF/,
  }),
];

/** On a kernel that was started with lockdown=confidentiality. */
export const stockConfidentiality: Scenario = obstructed({
  name: "confidentiality",
  reason: /^lockdown=confidentiality/,
});

/** On a kernel that was started with lockdown=integrity. */
export const stockIntegrity: Scenario = {
  name: "stock_with_page_table_integrity",
  deadlineSeconds: 300,
  async run() {
    const { task } = await trySlide({ sizeBytes: 64 * MIB, hot: "every:16" });
    demand(task.tracker === "page_table", `used ${task.tracker}`);
  },
};
