/** What was seen of a target around the first round of a slide task. */
export interface SlideObservation {
  readonly hotPages: number;
  readonly coldPages: number;
  /** Of the cold pages: in swap when the first round was done, by the target's pagemap. */
  readonly coldPagesInSwap: number;
  /**
   * Present when the project started, cold and none of the target's area: its stack, data and heap.
   */
  readonly otherBytes: number;
  readonly pageBytes: number;
  /** What the task says it handed to the mover, ever. */
  readonly askedBytes: number;
  /** Addresses that the kernel counted in swap_pages; only where each stands for one base page. */
  readonly kernelAskedPages?: number;
  /**
   * Of all processes of the target, from before the project started until after the first round.
   */
  readonly majorFaults: number;
  /** Pages whose contents were wrong, when they were compared or touched. */
  readonly badPages: number;
  /** The longest time that a hot page was not touched. */
  readonly longestGapUs: number;
  /** /sys/kernel/mm/swap/kernel_swap_enable at the end. */
  readonly kernelSwap: boolean;
}

/**
 * Three scans 1 s apart, and one before them: who touches a page more often than this keeps it hot.
 * Where the machine stood still for longer, a fault may be no fault of the server.
 */
const GAP_LIMIT_US = 3_000_000;

/**
 * What is wrong with a round, in words; nothing when all cold memory left and no hot memory was
 * asked to. A hot page may be asked by mistake, and a cold one may stay, one in a thousand each.
 */
export function faultsOf(seen: SlideObservation): string[] {
  const faults: string[] = [];
  const expectThat = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  const tolerated = seen.hotPages * 0.001;
  const mayAskBytes = seen.coldPages * seen.pageBytes + seen.otherBytes;
  const hotAskedPages = (seen.askedBytes - mayAskBytes) / seen.pageBytes;
  expectThat(
    seen.coldPagesInSwap >= seen.coldPages * 0.999,
    `only ${seen.coldPagesInSwap} of ${seen.coldPages} cold pages are in swap`,
  );
  expectThat(
    seen.askedBytes >= seen.coldPagesInSwap * seen.pageBytes,
    `${seen.coldPagesInSwap} cold pages are in swap, but only ${seen.askedBytes} bytes were asked`,
  );
  expectThat(
    hotAskedPages <= tolerated,
    `${hotAskedPages} of ${seen.hotPages} hot pages were asked to move`,
  );
  if (seen.kernelAskedPages !== undefined) {
    expectThat(
      seen.kernelAskedPages * seen.pageBytes === seen.askedBytes,
      `the task asked for ${seen.askedBytes} bytes, the kernel counted ${seen.kernelAskedPages} pages`,
    );
  }
  expectThat(
    seen.majorFaults <= tolerated,
    `${seen.majorFaults} major faults with ${seen.hotPages} hot pages`,
  );
  expectThat(seen.badPages === 0, `the contents of ${seen.badPages} pages are wrong`);
  expectThat(!seen.kernelSwap, "the kernel was allowed to swap by itself");
  if (faults.length > 0 && seen.longestGapUs >= GAP_LIMIT_US) {
    faults.push(`and the target did not touch its hot pages for ${seen.longestGapUs} us`);
  }
  return faults;
}
