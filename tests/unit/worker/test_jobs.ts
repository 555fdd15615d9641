import { AT_FDCWD, close, O_RDONLY, openAt, threadCpuUs } from "../../../ffi/libc.ts";
import { serveJobs } from "../../../src/worker/serve_jobs.ts";

/** Jobs for tests of the pool. */
export type TestJobs = {
  readonly double: {
    readonly request: { readonly numbers: Float64Array<ArrayBuffer> };
    readonly reply: { readonly numbers: Float64Array<ArrayBuffer> };
  };
  readonly fail: { readonly request: { readonly why: string }; readonly reply: object };
  /** Answers, and fails afterwards where no caller catches it. */
  readonly crashLater: { readonly request: object; readonly reply: object };
  /** Ends the thread without an answer. */
  readonly vanish: { readonly request: object; readonly reply: object };
  /** Computes for so long, by the thread's clock. */
  readonly work: { readonly request: { readonly cpuMs: number }; readonly reply: object };
  /** How often garbage was collected in this thread by Bun.gc(). */
  readonly collections: { readonly request: object; readonly reply: { readonly count: number } };
  /** Opens a file, and is held where that is a FIFO that nobody writes. */
  readonly open: { readonly request: { readonly path: string }; readonly reply: object };
  /** Waits until the word is not 0 any more, as long as it takes. */
  readonly wait: { readonly request: { readonly word: Int32Array }; readonly reply: object };
};

if (!Bun.isMainThread) {
  let collections = 0;
  const collect = Bun.gc;
  Object.assign(Bun, {
    gc: (force?: boolean) => {
      collections++;
      return collect(force);
    },
  });
  serveJobs<TestJobs>({
    double: ({ numbers }) => ({ numbers: numbers.map((one) => 2 * one) }),
    fail: ({ why }) => {
      throw new Error(why);
    },
    crashLater: () => {
      setTimeout(() => {
        throw new Error("crashed");
      });
      return {};
    },
    work: ({ cpuMs }) => {
      for (const endUs = threadCpuUs() + cpuMs * 1000; threadCpuUs() < endUs;);
      return {};
    },
    open: ({ path }) => {
      close(openAt(AT_FDCWD, path, O_RDONLY));
      return {};
    },
    collections: () => ({ count: collections }),
    vanish: () => process.exit(3),
    wait: ({ word }) => {
      Atomics.add(word, 1, 1);
      Atomics.notify(word, 1);
      Atomics.wait(word, 0, 0);
      return {};
    },
  });
}
