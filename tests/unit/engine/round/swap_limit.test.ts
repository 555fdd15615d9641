import { expect, test } from "bun:test";
import { AT_FDCWD, close, O_RDONLY, openAt, PAGE_SIZE } from "../../../../ffi/libc.ts";
import {
  readSwapLimit,
  type SwapLimit,
  whyNoSwap,
} from "../../../../src/engine/round/swap_limit.ts";
import { FakeSysfs } from "../../procfs/fake_nodes.ts";
import type { Reason } from "../../../../src/reason/reasons.ts";

/** What is said of a process whose control group has such a limit, and so much in swap. */
function limitsOf(
  max: string,
  current: number,
): { limit: SwapLimit | undefined; whyNot: string | undefined } {
  using tree = new FakeSysfs({
    "proc/cgroup": "0::/g\n",
    "g/memory.swap.max": `${max}\n`,
    "g/memory.swap.current": `${current}\n`,
  });
  const dirFd = openAt(AT_FDCWD, `${tree.root}/proc`, O_RDONLY);
  try {
    return { limit: readSwapLimit(dirFd, tree.root), whyNot: whyNoSwap(dirFd, tree.root) };
  } finally {
    close(dirFd);
  }
}

test("whyNoSwap() tells a group that may not swap from one that has no room left", () => {
  const never = "its control group may not swap: memory.swap.max is 0" as Reason;
  expect(limitsOf("0", 0)).toEqual({ limit: { pages: 0, reason: never }, whyNot: never });
  const full = "no swap space left for its control group: memory.swap.max" as Reason;
  const max = 1000 * PAGE_SIZE;
  expect(limitsOf(String(max), 900 * PAGE_SIZE)).toEqual({
    limit: { pages: 100, reason: full },
    whyNot: full,
  });
  expect(limitsOf(String(max), 100 * PAGE_SIZE)).toEqual({
    limit: { pages: 900, reason: full },
    whyNot: undefined,
  });
  expect(limitsOf("max", 0)).toEqual({ limit: undefined, whyNot: undefined });
});
