import { onAbort } from "./abortable.ts";
import { nextTurn } from "./turns.ts";

/** A pause ends on a grid whose mesh is a power of two in ms, and so small a part of it at most. */
const PART = 1 / 32;
/** What is due so soon behind a point of the grid, in meshes, ends there: early. */
const EARLY = 1 / 8;
/** Pauses that end in one turn of the event loop: what follows each takes 0.1 ms. */
const EACH_TURN = 16;

/** Pauses that end together. */
interface Slot {
  readonly ends: Set<() => void>;
  readonly timer: Timer;
}

/** By when they end, by performance.now(). */
const slots = new Map<number, Slot>();

/** When a pause ends, by performance.now(). */
function endOf(ms: number, nowMs: number): number {
  if (ms <= 0) return nowMs;
  const mesh = 2 ** Math.floor(Math.log2(ms * PART));
  const due = (nowMs + ms) / mesh;
  return (due % 1 < EARLY ? Math.floor(due) : Math.ceil(due)) * mesh;
}

async function endAll(endMs: number): Promise<void> {
  const { ends } = slots.get(endMs)!;
  slots.delete(endMs);
  let ended = 0;
  for (const end of ends) {
    if (ended > 0 && ended % EACH_TURN === 0) await nextTurn();
    ended++;
    end();
  }
}

function slotOf(endMs: number, nowMs: number): Slot {
  let slot = slots.get(endMs);
  if (slot === undefined) {
    const timer = setTimeout(() => void endAll(endMs), endMs - nowMs);
    slots.set(endMs, slot = { ends: new Set(), timer });
  }
  return slot;
}

/**
 * Waits, by the monotonic clock, for about so long: the pauses of a thread that are about equally
 * long end together, so that thousands of tasks wake it up a few times a second, and not each by
 * itself. A pause is shorter by 0.4 % at most, and longer by 3.2 %.
 * @returns whether the time is over; false when the signal came first.
 */
export function commonPause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const nowMs = performance.now();
    const endMs = endOf(ms, nowMs);
    const { ends, timer } = slotOf(endMs, nowMs);
    const end = (): void => {
      forget();
      resolve(true);
    };
    const forget = onAbort(signal, () => {
      ends.delete(end);
      if (ends.size === 0 && slots.get(endMs)?.ends === ends) {
        clearTimeout(timer);
        slots.delete(endMs);
      }
      resolve(false);
    });
    ends.add(end);
  });
}
