import { expect, spyOn, test } from "bun:test";
import { threadCpuUs } from "../../../ffi/libc.ts";
import { collectAfterWork } from "../../../ffi/garbage.ts";

function compute(us: number): void {
  for (const end = threadCpuUs() + us; threadCpuUs() < end;);
}

test("collectAfterWork() collects after 200 ms of computing, and then not until the next", () => {
  const collect = spyOn(Bun, "gc");
  try {
    compute(200_000);
    collectAfterWork();
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
  const collect = spyOn(Bun, "gc").mockImplementation(() => compute(30_000));
  try {
    compute(200_000);
    collectAfterWork();
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
  compute(200_000);
  collectAfterWork();
  expect(gone.deref()).toBeUndefined();
});
