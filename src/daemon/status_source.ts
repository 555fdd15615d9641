import { AT_FDCWD, PAGE_SIZE } from "../../ffi/libc.ts";
import { readMemInfo } from "../procfs/meminfo.ts";
import { readText } from "../procfs/read_file.ts";
import { pickSizes } from "../procfs/size_table.ts";
import type { ProjectView } from "../project/project_view.ts";
import type { EngineStatus, ProjectStatus } from "../status/project_status.ts";
import type { ServerProcessStatus, ServerStatus } from "../status/server_status.ts";
import type { TaskStatus } from "../status/task_status.ts";
import type { ConfDir } from "./conf_dir/conf_dir.ts";
import { presenceOf } from "./timely_file_access.ts";
import type { EngineCode, EngineLoader } from "./load_engines.ts";
import type { ServerOptions } from "./server_options.ts";
import { readSwapDetails } from "./swap_status.ts";
import { VERSION } from "../options/version.ts";

/** Entries of a page table of P bytes are 8 bytes long, and each maps a page of P bytes. */
const PMD_SIZE = PAGE_SIZE * (PAGE_SIZE / 8);
const SECONDS = 1_000_000;
const MIB = 2 ** 20;

/** An openEuler kernel's switch of its own swapping: `true` or `false`. */
const KERNEL_SWAP_ENABLE = "/sys/kernel/mm/swap/kernel_swap_enable";

/** A status whose tasks are taken when they are asked for. */
type LazyStatus = Omit<ServerStatus, "projects"> & { readonly projects: Iterable<LazyProject> };
type LazyProject = Omit<ProjectStatus, "engines"> & { readonly engines: Iterable<LazyEngine> };
type LazyEngine = Omit<EngineStatus, "tasks"> & { readonly tasks: Iterable<TaskStatus> };

/** What the status says of the files of --conf-dir. */
type ConfFiles = Pick<ConfDir, "status" | "isCurrent" | "waitsFor">;

/** Takes the numbers of `etmem status`, at the moment it is called. */
export class StatusSource {
  readonly #options: Pick<ServerOptions, "socket" | "moveRate">;
  readonly #loadEngines: EngineLoader;
  readonly #startedAt = new Date().toISOString();
  readonly #startedMs = performance.now();

  constructor(options: Pick<ServerOptions, "socket" | "moveRate">, loadEngines: EngineLoader) {
    this.#options = options;
    this.#loadEngines = loadEngines;
  }

  /** The name that clients reach the server by. */
  get socket(): string {
    return this.#options.socket;
  }

  /**
   * @param confDir the files of --conf-dir.
   * @throws {ProcfsError | SystemCallError} when /proc cannot be read.
   */
  async take(
    projects: readonly ProjectView[],
    confDir: ConfFiles | undefined,
  ): Promise<LazyStatus> {
    const { support } = await this.#loadEngines();
    const trackers = await support.trackers();
    const presence = await presenceOf(projects.flatMap(({ confFiles }) => confFiles ?? []));
    const memory = readMemInfo();
    const kernelSwap = readText(AT_FDCWD, KERNEL_SWAP_ENABLE)?.trim();
    return {
      version: 1,
      taken_at: new Date().toISOString(),
      server: this.#process(support),
      trackers,
      movers: support.movers(),
      memory: {
        total_bytes: memory.totalBytes,
        available_bytes: memory.availableBytes,
        swap_cached_bytes: memory.swapCachedBytes,
        page_size_bytes: PAGE_SIZE,
        pmd_size_bytes: PMD_SIZE,
      },
      swap: {
        total_bytes: memory.swapTotalBytes,
        free_bytes: memory.swapFreeBytes,
        ...(kernelSwap === undefined ? {} : { kernel_swap_enable: kernelSwap === "true" }),
        ...readSwapDetails(),
      },
      ...(confDir === undefined ? {} : { conf_dir: confDir.status() }),
      projects: projects.values().map((project) =>
        projectStatus(
          project,
          (file) => presence.get(file) === true && confDir?.isCurrent(file) === true,
          confDir?.waitsFor(project.description),
        )
      ),
    };
  }

  #process(support: EngineCode["support"]): ServerProcessStatus {
    const [rss = 0, rssAnon = 0] = pickSizes(
      readText(AT_FDCWD, "/proc/self/status") ?? "",
      ["VmRSS", "RssAnon"],
      "status",
    );
    const { user, system } = process.cpuUsage();
    const { socket, moveRate } = this.#options;
    return {
      version: VERSION,
      pid: process.pid,
      socket,
      ...(moveRate === undefined ? {} : { move_rate_bytes: moveRate * MIB }),
      started_at: this.#startedAt,
      up_us: Math.round((performance.now() - this.#startedMs) * 1000),
      rss_bytes: rss,
      rss_anon_bytes: rssAnon,
      cpu_us: user + system,
      ...support.workers(),
    };
  }
}

function projectStatus(
  { description, started, isDryRun, confFiles, engines }: ProjectView,
  isLasting: (file: string) => boolean,
  waitsFor: string | undefined,
): LazyProject {
  const { sysmemThresholdPercent, swapcacheWmark } = description;
  return {
    name: description.name,
    started,
    ...(isDryRun ? { dry_run: true } : {}),
    ...(started || waitsFor === undefined ? {} : { waits_for: waitsFor }),
    persistent: confFiles?.every(isLasting) ?? false,
    ...(description.scanType === undefined ? {} : { scan_type: description.scanType }),
    loop: description.loop,
    interval_us: description.intervalSeconds * SECONDS,
    sleep_us: description.sleepSeconds * SECONDS,
    ...(sysmemThresholdPercent === undefined
      ? {}
      : { sysmem_threshold_percent: sysmemThresholdPercent }),
    ...(swapcacheWmark === undefined ? {} : {
      swapcache_wmark: {
        low_percent: swapcacheWmark.lowPercent,
        high_percent: swapcacheWmark.highPercent,
      },
    }),
    tracker: description.tracker,
    mover: description.mover,
    engines: engines.values().map(({ description: { name, kind }, tasks }) => ({
      name,
      kind,
      tasks,
    })),
  };
}
