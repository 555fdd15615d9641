/**
 * What steers the runtime of a server. BUN_GC_TIMER_DISABLE spares an idle server the wake-ups of
 * Bun's collector: it collects when memory is allocated. The next three have code compiled and
 * garbage collected in the thread that needs it: the runtime ends the threads that do so after 10 s
 * without work, and aborts when it cannot make a new one.
 *
 * The last three are what the runtime reserves: 64 MiB and not 1 GiB for code that it compiles
 * (bytes), 128 MiB and not 4 GiB for the shapes of objects (KiB), of which a server with all its
 * workers has 2 MiB, and 64 MiB and not 1 GiB at a time for what is allocated (KiB). Limits and
 * vm.overcommit_memory=2 count that, used or not.
 */
export const RUNTIME_VARIABLES = {
  BUN_GC_TIMER_DISABLE: "1",
  BUN_JSC_useConcurrentJIT: "0",
  BUN_JSC_useConcurrentGC: "0",
  BUN_JSC_numberOfGCMarkers: "1",
  BUN_JSC_jitMemoryReservationSize: "67108864",
  BUN_JSC_structureHeapSizeInKB: "131072",
  MIMALLOC_ARENA_RESERVE: "65536",
};

/**
 * The arguments with which process.execPath runs this program: none,
 * or main.ts when it is not compiled.
 */
export function programArguments(): string[] {
  return Bun.main.startsWith("/$bunfs/") ? [] : [Bun.main];
}
