import { PMD_PAGES } from "../../tracker/huge_page.ts";
import { type LocatedPages, type SharedFrames, UNIT } from "./located_pages.ts";
import { FrameTable } from "./frame_table.ts";

/** The units of a process that others may have too. */
interface Sharer extends SharedFrames {
  /** Index of the process, and its units' kinds. */
  readonly process: number;
  readonly kind: Uint8Array;
  /** Of each of them, who owns it: a process and a unit of that. */
  readonly ownerProcess: Uint32Array;
  readonly ownerUnit: Uint32Array;
}

/**
 * What several processes have, or one has twice. The first of them owns it: it is planned and moved as a unit of
 * that one, or one process would want it where another does not.
 */
export class SharedUnits {
  readonly #tables: readonly LocatedPages[];
  readonly #sharers: readonly Sharer[];

  /** @param order the indexes of the tables, those first that are to own what they have. */
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
    // Frames of units larger than a base page, by the first base page, and those of base pages.
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
        // A huge page may be mapped by base pages.
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

  /** Calls back with each unit that another one owns, and with that one. */
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
