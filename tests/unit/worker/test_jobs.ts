import { threadCpuUs } from "../../../ffi/libc.ts";
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
  /** Makes so many objects and keeps none. */
  readonly litter: { readonly request: { readonly objects: number }; readonly reply: object };
  /** Takes so much CPU time, without making anything. */
  readonly work: { readonly request: { readonly cpuMs: number }; readonly reply: object };
  /** How many of the objects are still there. */
  readonly left: { readonly request: object; readonly reply: { readonly objects: number } };
  /** Waits until the word is not 0 any more, as long as it takes. */
  readonly wait: { readonly request: { readonly word: Int32Array }; readonly reply: object };
};

if (!Bun.isMainThread) {
  const litter: WeakRef<object>[] = [];
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
    litter: ({ objects }) => {
      for (let i = 0; i < objects; i++) litter.push(new WeakRef({}));
      return {};
    },
    work: ({ cpuMs }) => {
      const endUs = threadCpuUs() + cpuMs * 1000;
      while (threadCpuUs() < endUs);
      return {};
    },
    left: () => ({ objects: litter.filter((one) => one.deref() !== undefined).length }),
    vanish: () => process.exit(3),
    wait: ({ word }) => {
      Atomics.add(word, 1, 1);
      Atomics.notify(word, 1);
      Atomics.wait(word, 0, 0);
      return {};
    },
  });
}
