/** The end of what took the last turn. */
let lastEnd: Promise<void> = Promise.resolve();

/**
 * Uses files, one caller after the other: what a file system that does not answer keeps waiting is one of the
 * runtime's few threads for files, and not all of them.
 * @param signal once it has fired the caller is not kept waiting; the turn goes on until the kernel answers.
 * @throws what `use` throws, or the signal's reason.
 */
export async function takeFileTurn<T>(signal: AbortSignal, use: () => Promise<T>): Promise<T> {
  const work = lastEnd.then(() => {
    signal.throwIfAborted();
    return use();
  });
  lastEnd = work.then(() => {}, () => {});
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
