import { describe, expect, test } from "bun:test";
import { notProvided } from "./provided.ts";

describe("notProvided()", () => {
  test("knows what openEuler 20.03 has", () => {
    expect(notProvided([
      "libc.so.6()(64bit)",
      "libc.so.6(GLIBC_2.3.4)(64bit)",
      "libc.so.6(GLIBC_2.28)(64bit)",
      "libpthread.so.0(GLIBC_2.12)(64bit)",
      "ld-linux-x86-64.so.2(GLIBC_2.3)(64bit)",
      "rpmlib(FileDigests) <= 4.6.0-1",
      "systemd",
    ])).toEqual([]);
  });

  test("tells what it does not have", () => {
    const missing = [
      "libc.so.6(GLIBC_2.29)(64bit)",
      "libc.so.6(GLIBC_2.28.1)(64bit)",
      "libc.so.6(GLIBC_3.0)(64bit)",
      "libdl.so.2(GLIBC_2.34)(64bit)",
      "libc.so.6(GLIBC_ABI_DT_RELR)(64bit)",
      "libstdc++.so.6()(64bit)",
      "rpmlib(PayloadIsZstd) <= 5.4.18-1",
      "systemd >= 250",
    ];
    expect(notProvided(missing)).toEqual(missing);
  });
});
