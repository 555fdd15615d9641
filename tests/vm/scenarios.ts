import type { Boot } from "./scenario.ts";
import { abi } from "./scenarios/abi.ts";
import { agreement, agreementFiveLevels } from "./scenarios/agreement.ts";
import { cgroupTargets } from "./scenarios/cgroup_targets.ts";
import { cslide } from "./scenarios/cslide.ts";
import { cslideCommands } from "./scenarios/cslide_commands.ts";
import { cslidePageIdle } from "./scenarios/cslide_page_idle.ts";
import { cslideShared } from "./scenarios/cslide_shared.ts";
import { cslideTasks } from "./scenarios/cslide_tasks.ts";
import { doctor, doctorConfidentiality } from "./scenarios/doctor.ts";
import { dryRun } from "./scenarios/dry_run.ts";
import { engines } from "./scenarios/engines.ts";
import { faultsClock } from "./scenarios/faults_clock.ts";
import { faultsReads } from "./scenarios/faults_reads.ts";
import { faultsSwap } from "./scenarios/faults_swap.ts";
import { faultsTargets } from "./scenarios/faults_targets.ts";
import { movePages } from "./scenarios/move_pages.ts";
import { oldKernel } from "./scenarios/old_kernel.ts";
import { overcommit } from "./scenarios/overcommit.ts";
import { psi } from "./scenarios/psi.ts";
import { pageTableReader } from "./scenarios/page_table_reader.ts";
import { plantedFaults } from "./scenarios/planted_faults.ts";
import { scanLib } from "./scenarios/scan_lib.ts";
import { slideConditions } from "./scenarios/slide_conditions.ts";
import { slideHuge } from "./scenarios/slide_huge.ts";
import {
  slideFoldOff,
  slideFourThreads,
  slideGuarded,
  slideLayouts,
  slideOneThread,
  slidePinned,
  slideReservation,
} from "./scenarios/slide_layouts.ts";
import { slideLives } from "./scenarios/slide_lives.ts";
import { slideShared } from "./scenarios/slide_shared.ts";
import { slideStackEnd } from "./scenarios/slide_stack_end.ts";
import { slideZeroPages } from "./scenarios/slide_zero_pages.ts";
import { slideSwapLimit } from "./scenarios/slide_swap_limit.ts";
import { slideSwapCache } from "./scenarios/slide_swap_cache.ts";
import { swapFreed, swapFreesNothing } from "./scenarios/swap_freed.ts";
import { stockLayouts, stockSmaps } from "./scenarios/stock.ts";
import { stockCslide } from "./scenarios/stock_cslide.ts";
import { stockConfidentiality, stockIntegrity, stockObstacles } from "./scenarios/stock_rights.ts";

/** All scenarios, by the machine they share; the longest machines first. */
export const BOOTS: readonly Boot[] = [
  { name: "layouts", scenarios: [...slideLayouts, ...slideFoldOff, ...slideGuarded] },
  { name: "reservation_and_pinned", scenarios: [...slideReservation, ...slidePinned] },
  { name: "cslide", scenarios: cslide },
  {
    name: "cslide_tasks",
    scenarios: [...cslideTasks, ...cslideShared, ...cslidePageIdle, ...cslideCommands],
  },
  { name: "children", scenarios: [...slideOneThread, ...slideFourThreads] },
  {
    name: "conditions",
    scenarios: [
      ...slideHuge,
      ...slideConditions,
      ...slideShared,
      ...slideSwapCache,
      ...slideSwapLimit,
      ...slideZeroPages,
      ...dryRun,
    ],
  },
  { name: "agreement", scenarios: agreement },
  { name: "agreement_5_levels", fiveLevels: true, scenarios: agreementFiveLevels },
  {
    name: "stock_6_1",
    kernel: "debian-6.1",
    scenarios: [
      pageTableReader("6_1", 4),
      ...stockLayouts("6_1"),
      stockSmaps("6_1"),
      ...stockObstacles,
    ],
  },
  {
    name: "stock_6_12",
    kernel: "debian-6.12",
    fiveLevels: true,
    scenarios: [
      pageTableReader("6_12", 5),
      ...stockLayouts("6_12"),
      stockSmaps("6_12"),
      ...stockCslide,
    ],
  },
  { name: "cgroups", kernel: "debian-6.12", scenarios: [...cgroupTargets, ...psi] },
  {
    name: "stock_5_10",
    kernel: "debian-5.10",
    scenarios: [pageTableReader("5_10", 4, ["syscall", "bpf_loop"]), ...stockLayouts("5_10")],
  },
  {
    name: "stock_integrity",
    kernel: "debian-6.12",
    commandLine: "lockdown=integrity",
    scenarios: [pageTableReader("integrity", 4), stockIntegrity],
  },
  {
    name: "stock_confidentiality",
    kernel: "debian-6.1",
    commandLine: "lockdown=confidentiality",
    scenarios: [stockConfidentiality, doctorConfidentiality],
  },
  { name: "doctor", commandLine: "psi=0", scenarios: doctor },
  {
    name: "faults",
    scenarios: [faultsTargets, faultsReads, faultsSwap, faultsClock, swapFreed, swapFreesNothing],
  },
  { name: "scan_lib", scenarios: [...scanLib, ...engines] },
  {
    name: "ground",
    scenarios: [
      abi,
      plantedFaults,
      ...movePages,
      ...slideLives,
      ...slideStackEnd,
      oldKernel,
      overcommit,
    ],
  },
];
