import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { threadCpuUs } from "../../../ffi/libc.ts";
import { threadActivity, threadId } from "../../../ffi/thread_activity.ts";
import { whyNoThreads } from "../../../ffi/thread_probe.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

describe("threadActivity()", () => {
  test("threadActivity() shows a clock that goes on when the thread works", () => {
    const before = threadActivity(threadId());
    expect(before!.wantsCpu).toBe(true);
    // The clock of a thread that does not give its CPU away goes on at each tick.
    for (const endUs = threadCpuUs() + 50_000; threadCpuUs() < endUs;);
    expect(threadActivity(threadId())?.clock).not.toBe(before!.clock);
  });

  test("threadActivity() knows no thread that is none of this process", () => {
    expect(threadActivity(1)).toBeUndefined();
  });
});

describe("whyNoThreads()", () => {
  test("whyNoThreads() says 0 when they can be made, and leaves none behind", async () => {
    const count = (): number => readdirSync("/proc/self/task").length;
    const before = count();
    expect(whyNoThreads(20)).toBe(0);
    await waitFor("the threads to end", () => count() <= before);
  });
});
