import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const UNIT = readFileSync(join(import.meta.dir, "../../../packaging/etmemd.service"), "utf8");
const SYSCONFIG = readFileSync(
  join(import.meta.dir, "../../../packaging/etmemd.sysconfig"),
  "utf8",
);
const LINES = UNIT.split("\n");
const SETTINGS = LINES.filter((line) => /^[A-Z]/.test(line));

/** The values of a setting in their order. */
function valuesOf(setting: string): string[] {
  return SETTINGS.filter((line) => line.startsWith(`${setting}=`)).map((line) =>
    line.slice(setting.length + 1)
  );
}

describe("etmemd.service", () => {
  test.each([
    "PrivateNetwork",
    "PrivateTmp",
    "ProtectControlGroups",
    "ProtectKernelTunables",
    "ProtectProc",
    "ProcSubset",
    "MemoryDenyWriteExecute",
  ])("leaves out %s=, which would break the job, and says why", (setting) => {
    expect(valuesOf(setting)).toEqual([]);
    expect(LINES.filter((line) => line.startsWith("#") && line.includes(`${setting}=`))).not
      .toEqual([]);
  });

  test("lets the server look into processes and open files of clients, and protects it from reclaim", () => {
    expect(valuesOf("CapabilityBoundingSet")[0]?.split(" ")).toContain("CAP_SYS_PTRACE");
    expect(valuesOf("ProtectHome")).toEqual(["read-only"]);
    expect(valuesOf("MemorySwapMax")).toEqual(["0"]);
    expect(valuesOf("OOMScoreAdjust")).toEqual(["-500"]);
    expect(valuesOf("UnsetEnvironment")).toEqual(["BUN_OPTIONS BUN_BE_BUN"]);
  });

  test("lets the server load BPF programs, and denies what else belongs to the privileged calls", () => {
    const [denied = "", ...allowed] = valuesOf("SystemCallFilter");
    expect(denied).toMatch(/^~.*@privileged/);
    // The first line makes a list of what is denied; only later ones take something out of it.
    expect(allowed).toEqual(["bpf"]);
    expect(valuesOf("LimitMEMLOCK")).toEqual(["512M"]);
    const capabilities = valuesOf("CapabilityBoundingSet")[0]?.split(" ");
    for (const needed of ["CAP_SYS_ADMIN", "CAP_SYS_NICE", "CAP_DAC_OVERRIDE"]) {
      expect(capabilities).toContain(needed);
    }
  });

  test("has a value for every variable of its command, the one that /etc/sysconfig/etmemd shows", () => {
    const [command = ""] = valuesOf("ExecStart");
    const named = Array.from(command.matchAll(/\$\{(\w+)\}/g), ([, name]) => name);
    expect(named).toEqual(["ETMEMD_SOCKET", "ETMEMD_LOG_LEVEL"]);
    const shown = SYSCONFIG.split("\n").filter((line) => /^[A-Z]/.test(line)).join(" ");
    expect(valuesOf("Environment")).toEqual([shown]);
  });
});

describe("etmem-exporter.service", () => {
  const path = join(import.meta.dir, "../../../packaging/etmem-exporter.service");
  const lines = readFileSync(path, "utf8").split("\n");

  test("has no capability, and opens sockets of the network and of the server only", () => {
    expect(lines).toContain("CapabilityBoundingSet=");
    expect(lines).toContain("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6");
    expect(lines).toContain("NoNewPrivileges=yes");
    expect(lines).toContain("UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN");
  });

  test("has a value for every variable of its command", () => {
    const command = lines.find((line) => line.startsWith("ExecStart=")) ?? "";
    const named = Array.from(command.matchAll(/\$\{(\w+)\}/g), ([, name]) => name ?? "");
    expect(named).toHaveLength(2);
    const values = lines.find((line) => line.startsWith("Environment=")) ?? "";
    for (const name of named) expect(values).toContain(`${name}=`);
  });
});
