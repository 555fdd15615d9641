import { PAGE_SIZE } from "../../../ffi/libc.ts";
import type { FigureGains } from "../../status/round_figures.ts";
import type { OutlookData } from "../../guard/outlook.ts";
import type { ProcessGuardStatus } from "../../status/guard_status.ts";
import { FrameSet, type FrameSetData } from "../../tracker/frame_set.ts";
import type { Reason } from "../../reason/reasons.ts";

/** What a finisher that moves cold memory came to at a process. */
export interface ProcessGains {
  readonly figures: FigureGains;
  /** What the guard of the process saw; absent without a guard. */
  readonly guard?: ProcessGuardStatus | undefined;
  /**
   * Nothing was found in use, and nothing moves later either while it is not used: what is still
   * present stays for a reason that time does not change. Absent where that is not known.
   */
  readonly isSettled?: boolean;
  /** What is expected of its memory; absent where no ages are kept. */
  readonly outlook?: OutlookData;
  /** Of what was spared since other processes have it too; absent where there is none. */
  readonly shared?: SparedShared | undefined;
}

/** Cold memory that was spared since several processes have it. */
interface SparedShared {
  /** The reason that it has in the figures. */
  readonly reason: Reason;
  /** Its frames, as far as they are known. */
  readonly frames: FrameSetData;
}

/** Counts what several processes of a round have with the first of them only. */
export class SharedOnce {
  readonly #known = new FrameSet();

  /** @returns what a process adds to the figures of its round. */
  figuresOf({ figures, shared }: ProcessGains): FigureGains {
    if (shared === undefined) return figures;
    const bytes = this.#known.addAll(FrameSet.fromData(shared.frames)) * PAGE_SIZE;
    const spared = new Map(figures.spared);
    spared.set(shared.reason, (spared.get(shared.reason) ?? 0) - bytes);
    return {
      ...figures,
      present_bytes: (figures.present_bytes ?? 0) - bytes,
      cold_bytes: (figures.cold_bytes ?? 0) - bytes,
      spared,
    };
  }
}
