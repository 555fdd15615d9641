import { afterAll, expect, test } from "bun:test";
import { closeProcess } from "../../../../src/engine/round/opened_process.ts";
import type { ProcessGains } from "../../../../src/engine/round/process_gains.ts";
import { RoundRecord } from "../../../../src/engine/round/round_record.ts";
import { runScanStep } from "../../../../src/engine/round/run_scan_step.ts";
import type { ScanStepReply, ScanStepRequest } from "../../../../src/engine/round/scan_step.ts";
import { StopFlag } from "../../../../src/engine/round/stop_flag.ts";
import { moveCold } from "../../../../src/engine/slide/move_cold.ts";
import type { MoveOrder } from "../../../../src/engine/slide/move_order.ts";
import { PROCESS_MADVISE } from "../../../../src/mover/mover_process_madvise.ts";
import { readProcessStat } from "../../../../src/procfs/process_stat.ts";
import { PAGE_TABLE } from "../../../../src/tracker/tracker_page_table.ts";
import { accountFaults } from "../../../tools/fixtures/account_faults.ts";
import { BpfObjects } from "../../../tools/fixtures/bpf_objects.ts";
import { openDescriptors } from "../../../tools/fixtures/descriptors.ts";
import { OpenProcess } from "../../../tools/fixtures/open_process.ts";
import { runShortLives } from "../../../tools/fixtures/short_lives.ts";
import { TemporarySwap } from "../../../tools/fixtures/temporary_swap.ts";

const MIB = 2 ** 20;
/** ETMEM_SHORT_LIVES=10000 is what docs/page_table.md has figures of. */
const LIVES = Number(process.env["ETMEM_SHORT_LIVES"] ?? 60);
const LONGEST_US = 30_000;
const MOST_STEPS = 80;
const FINISH = { mover: "process_madvise", coldThreshold: 1 } as const;

const swap = TemporarySwap.make(256 * MIB);
afterAll(() => swap[Symbol.dispose]());
const missing = swap.missing ?? PROCESS_MADVISE.missing() ?? PAGE_TABLE.missing();
if (missing !== undefined) console.log(`short lives: left out: ${missing}`);

type Reply = ScanStepReply<ProcessGains>;

/** What became of the steps, and of the memory. */
const sums = { finished: 0, gone: 0, movedBytes: 0, goneAfterMoves: 0 };

/** Adds a finished round. */
function account(reply: Extract<Reply, { state: "finished" }>): void {
  const record = new RoundRecord(1);
  record.add(reply);
  record.addFigures(reply.result.figures);
  expect(accountFaults(record.status)).toEqual([]);
  sums.finished++;
  sums.movedBytes += record.status.moved_bytes;
}

/** Moves what is cold of a process, round after round, until it is gone. */
function moveToTheEnd({ pid, dirFd }: OpenProcess, begin: () => void): void {
  const request: ScanStepRequest<MoveOrder> = {
    pid,
    startTicks: readProcessStat(dirFd)!.startTicks,
    tracker: "page_table",
    selection: { kind: "swappable" },
    flags: { swapFlag: false, ignoreHost: false },
    isStale: false,
    stop: new StopFlag().words,
  };
  let reply: Reply = runScanStep(request, moveCold);
  begin();
  let moves = 0;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    if (reply.state !== "open" && reply.state !== "finished") break;
    const open = reply.state === "open" ? reply.open : undefined;
    // In a round of two scans the process is held open between them.
    const finish = reply.state === "open" ? { finish: FINISH } : {};
    reply = runScanStep({ ...request, open, memory: reply.memory, ...finish }, moveCold);
    if (reply.state !== "finished") continue;
    account(reply);
    moves++;
  }
  if (reply.state === "open") closeProcess(reply.open);
  if (reply.state === "skipped" || reply.state === "stopped") throw new Error(reply.state);
  if (reply.state !== "gone") return;
  sums.gone++;
  if (moves > 0) sums.goneAfterMoves++;
}

test.skipIf(missing !== undefined)(
  "moveCold() of processes that end, execute and unmap meanwhile keeps what they wrote",
  async () => {
    const objects = new BpfObjects();
    const before = openDescriptors();
    const ended = await runShortLives(LIVES, LONGEST_US, moveToTheEnd);
    console.log(`${LIVES} short lives: ${JSON.stringify(sums)}`);
    expect(ended).toEqual({ status: 0, said: "" });
    expect(openDescriptors()).toEqual(before);
    await objects.untilNone();
    expect(sums.movedBytes).toBeGreaterThan(LIVES * MIB);
    expect(sums.gone).toBeGreaterThan(LIVES / 2);
  },
  Math.max(300_000, LIVES * 1000),
);
