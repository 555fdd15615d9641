import { PMD_PAGES } from "../../tracker/huge_page.ts";
import { type LocatedPages, type SharedFrames, UNIT } from "./located_pages.ts";
import { FrameTable } from "./frame_table.ts";

/** The units of a process that others may have too. */
interface Sharer extends SharedFrames {
  /** Index of the process, and its units' kinds. */
  readonly process: number;
  readonly kind: Uint8Array;
  /** Who owns each unit of `unit`: the index of a process, and of a unit of that process. */
  readonly ownerProcess: Uint32Array;
  readonly ownerUnit: Uint32Array;
}

/**
 * Units that several processes have, or that one process has twice. The first process that has a
 * unit owns it, and only as a unit of that process it is planned and moved. Otherwise one process
 * might want it on DRAM, and another on the slow node.
 */
export class SharedUnits {
  readonly #tables: readonly LocatedPages[];
  readonly #sharers: readonly Sharer[];

  /**
   * @param order indexes of the tables: an earlier one owns what it has in common with later ones.
   */
  constructor(tables: readonly LocatedPages[], order: readonly number[]) {
    this.#tables = tables;
    this.#sharers = order.flatMap((process) => {
      const { kind, shared } = tables[process]!;
      if (shared === undefined) return [];
      const { unit, frame } = shared;
      const ownerProcess = new Uint32Array(unit.length);
      const ownerUnit = new Uint32Array(unit.length);
      return [{ process, kind, unit, frame, ownerProcess, ownerUnit }];
    });
    this.#findOwners();
  }

  #findOwners(): void {
    // A huge page has the frame of its first base page.
    const huge = new FrameTable();
    const base = new FrameTable(
      this.#sharers.reduce((most, { unit }) => Math.max(most, unit.length), 0),
    );
    for (const { process, kind, unit, frame } of this.#sharers) {
      for (let i = 0; i < unit.length; i++) {
        if (kind[unit[i]!] !== UNIT.base) huge.claim(frame[i]!, process, unit[i]!);
      }
    }
    for (const { process, kind, unit, frame, ownerProcess, ownerUnit } of this.#sharers) {
      for (let i = 0; i < unit.length; i++) {
        const isBase = kind[unit[i]!] === UNIT.base;
        let owners = huge;
        // Another process may map a part of a huge page by base pages.
        let slot = huge.size === 0 ? -1 : huge.find(isBase ? headOf(frame[i]!) : frame[i]!);
        if (slot < 0) {
          owners = base;
          slot = base.claim(frame[i]!, process, unit[i]!);
        }
        ownerProcess[i] = owners.processAt(slot);
        ownerUnit[i] = owners.unitAt(slot);
      }
    }
  }

  /** Visits each unit that another unit owns, with its owner. */
  forEachOwned(
    visit: (process: number, unit: number, ownerProcess: number, ownerUnit: number) => void,
  ): void {
    for (const { process, unit, ownerProcess, ownerUnit } of this.#sharers) {
      for (let i = 0; i < unit.length; i++) {
        if (ownerProcess[i] !== process || ownerUnit[i] !== unit[i]) {
          visit(process, unit[i]!, ownerProcess[i]!, ownerUnit[i]!);
        }
      }
    }
  }

  /** Makes a unit as hot for all that have it as for the one that used it most. */
  shareHeat(): void {
    const tables = this.#tables;
    this.forEachOwned((process, unit, ownerProcess, ownerUnit) => {
      const { heat } = tables[ownerProcess]!;
      heat[ownerUnit] = Math.max(heat[ownerUnit]!, tables[process]!.heat[unit]!);
    });
    this.forEachOwned((process, unit, ownerProcess, ownerUnit) => {
      tables[process]!.heat[unit] = tables[ownerProcess]!.heat[ownerUnit]!;
    });
  }
}

/** The frame that a huge page begins with. */
function headOf(frame: number): number {
  return frame - frame % PMD_PAGES;
}
