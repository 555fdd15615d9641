import { type FrameState, KpageFlags } from "../procfs/kpageflags.ts";
import { readMaps } from "../procfs/maps.ts";
import { pageOf } from "../procfs/pagemap.ts";
import { messageOf } from "../text/message_of.ts";

/**
 * What became of pages that a process does not have any more: pagemap calls a page swapped out as
 * soon as it is in the swap cache, and has nothing to say of a page that is in no page table.
 */
export class FrameFates implements Disposable {
  readonly #dirFd: number;
  readonly #errors: string[];
  #flags: KpageFlags | undefined;
  /** Page numbers of the VMAs, read when they are needed. */
  #mapped: { readonly from: number; readonly to: number }[] | undefined;

  /**
   * @param dirFd a process's /proc directory.
   * @param errors takes why frames cannot be looked at; then all that was unmapped counts as left.
   */
  constructor(dirFd: number, errors: string[]) {
    this.#dirFd = dirFd;
    this.#errors = errors;
    this.#attempt(() => this.#flags = new KpageFlags());
  }

  /** What was looked up is out of date. */
  forget(): void {
    this.#flags?.forget();
    this.#mapped = undefined;
  }

  /** @param frame of an unmapped page; 0, without CAP_SYS_ADMIN, tells nothing. */
  of(frame: number): FrameState {
    const flags = this.#flags;
    if (flags === undefined || frame === 0) return "left";
    return this.#attempt(() => flags.stateOf(frame)) ?? "left";
  }

  /** Whether a page is in a VMA; ask in ascending order. */
  isMapped(page: number): boolean {
    this.#mapped ??= this.#readMapped();
    while (this.#mapped.length > 0 && this.#mapped[0]!.to <= page) this.#mapped.shift();
    return this.#mapped.length > 0 && this.#mapped[0]!.from <= page;
  }

  #readMapped(): { readonly from: number; readonly to: number }[] {
    const vmas = this.#attempt(() => readMaps(this.#dirFd)) ?? [];
    return vmas.map(({ start, end }) => ({ from: pageOf(start), to: pageOf(end) }));
  }

  #attempt<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      // One line says it: the rest counts as left.
      this.#errors.push(messageOf(error));
      this[Symbol.dispose]();
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#flags?.[Symbol.dispose]();
    this.#flags = undefined;
  }
}
