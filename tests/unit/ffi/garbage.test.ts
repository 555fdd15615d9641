import { expect, spyOn, test } from "bun:test";
import { threadCpuUs } from "../../../ffi/libc.ts";
import { collectAfterWork } from "../../../ffi/garbage.ts";

function compute(us: number): void {
  for (const end = threadCpuUs() + us; threadCpuUs() < end;);
}

/** Has it collect, by a collection that takes so long: the next is due a known time later. */
function collectOnce(gcUs: number): ReturnType<typeof spyOn<typeof Bun, "gc">> {
  const collect = spyOn(Bun, "gc").mockImplementation(() => compute(gcUs));
  while (collect.mock.calls.length === 0) {
    compute(50_000);
    collectAfterWork();
  }
  return collect;
}

test("collectAfterWork() collects after 200 ms of computing, and then not until the next", () => {
  const collect = collectOnce(0);
  try {
    expect(collect.mock.calls).toEqual([[true]]);
    compute(50_000);
    collectAfterWork();
    expect(collect).toHaveBeenCalledTimes(1);
    compute(150_000);
    collectAfterWork();
    expect(collect).toHaveBeenCalledTimes(2);
  } finally {
    collect.mockRestore();
  }
});

test("collectAfterWork() collects less often where that takes long", () => {
  const collect = collectOnce(30_000);
  try {
    compute(500_000);
    collectAfterWork();
    expect(collect).toHaveBeenCalledTimes(1);
    compute(200_000);
    collectAfterWork();
    expect(collect).toHaveBeenCalledTimes(2);
  } finally {
    collect.mockRestore();
  }
});

test("collectAfterWork() lets go of what nobody holds any more", async () => {
  const gone = (() => new WeakRef({ garbage: true }))();
  await Bun.sleep(0);
  const collect = spyOn(Bun, "gc");
  while (collect.mock.calls.length === 0) {
    compute(50_000);
    collectAfterWork();
  }
  collect.mockRestore();
  expect(gone.deref()).toBeUndefined();
});
