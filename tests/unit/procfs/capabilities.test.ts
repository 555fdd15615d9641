import { describe, expect, test } from "bun:test";
import { missingCapabilities } from "../../../src/procfs/capabilities.ts";
import type { Reason } from "../../../src/reason/reasons.ts";

/** /proc/self/status of a process with some capabilities. */
const withMask = (mask: bigint): string => `Name:\tetmemd\nCapEff:\t${mask.toString(16)}\n`;
const ALL = 0x1ffffffffffn;
const NICE = 1n << 23n;
const INITIAL = "user:[4026531837]";

describe("missingCapabilities()", () => {
  test("names what is not effective", () => {
    const needed = ["CAP_SYS_NICE", "CAP_SYS_PTRACE"] as const;
    expect(missingCapabilities(needed, withMask(ALL), INITIAL)).toBeUndefined();
    expect(missingCapabilities(needed, withMask(ALL & ~NICE), INITIAL)).toBe(
      "this process lacks CAP_SYS_NICE" as Reason,
    );
    expect(missingCapabilities(needed, withMask(0n), INITIAL)).toBe(
      "this process lacks CAP_SYS_NICE and CAP_SYS_PTRACE" as Reason,
    );
  });

  test("is content with one of several", () => {
    const needed = [["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"]] as const;
    expect(missingCapabilities(needed, withMask(2n), INITIAL)).toBeUndefined();
    expect(missingCapabilities(needed, withMask(4n), INITIAL)).toBeUndefined();
    expect(missingCapabilities(needed, withMask(ALL & ~6n), INITIAL)).toBe(
      "this process lacks CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH" as Reason,
    );
  });

  test("does not take those of another user namespace for those of the host", () => {
    const all = ["CAP_SYS_NICE", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"] as const;
    expect(missingCapabilities(all, withMask(ALL), "user:[4026532837]")).toBe(
      ("this process lacks CAP_SYS_NICE and CAP_SYS_ADMIN " +
        "(it runs in a user namespace, where root has less)") as Reason,
    );
    expect(missingCapabilities(["CAP_SYS_PTRACE"], withMask(ALL), "user:[1]")).toBeUndefined();
  });

  test("says nothing when /proc does not", () => {
    expect(missingCapabilities(["CAP_SYS_NICE"], "")).toBeUndefined();
    expect(missingCapabilities(["CAP_SYS_NICE"], undefined)).toBe(
      missingCapabilities(["CAP_SYS_NICE"]),
    );
  });
});
