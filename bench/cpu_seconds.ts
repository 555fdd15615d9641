/**
 * CPU time of this process, all threads: that of the collector and the compiler counts as well.
 * Unlike the clock on the wall it says the same on a busy machine.
 */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
