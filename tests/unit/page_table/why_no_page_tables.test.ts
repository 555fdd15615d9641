import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { whyNoPageTables } from "../../../src/page_table/why_no_page_tables.ts";
import { type Fault, FaultInjector } from "../../tools/fixtures/fault_injector.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";

const MODULE = join(import.meta.dir, "../../../src/page_table/why_no_page_tables.ts");
const ASK = [
  process.execPath,
  "-e",
  `import { whyNoPageTables } from ${JSON.stringify(MODULE)}; console.log(whyNoPageTables());`,
];

/** What a process of its own says. @param command that starts it. */
function askBehind(command: readonly string[]): string {
  const child = Bun.spawnSync([...command, ...ASK]);
  if (!child.success) throw new Error(child.stderr.toString());
  return child.stdout.toString().trim();
}

/** What a process says that sees other files. @param prepare a shell command in its mounts. */
function askWithMounts(prepare: string): string {
  return askBehind(["unshare", "--mount", "sh", "-c", `${prepare} && exec "$@"`, "sh"]);
}

function askWithFault(fault: Fault): string {
  using folder = new ScratchFolder();
  const injector = new FaultInjector(folder.path, ["bpf"]);
  injector.set(fault);
  return askBehind(injector.wrapper);
}

const missing = whyNoPageTables();
if (missing !== undefined) console.log(`whyNoPageTables(): left out: ${missing}`);

describe.skipIf(missing !== undefined || process.getuid?.() !== 0)("whyNoPageTables()", () => {
  test("whyNoPageTables() finds nothing missing in a process of its own", () => {
    expect(askBehind([])).toBe("undefined");
  });

  test("whyNoPageTables() names BTF when the kernel has none", () => {
    expect(askWithMounts("mount -t tmpfs none /sys/kernel/btf"))
      .toBe("this kernel has no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)");
    expect(askWithMounts("mount -t tmpfs none /sys/kernel/btf && echo no >/sys/kernel/btf/vmlinux"))
      .toBe("Cannot read BTF: no whole header");
  });

  test("whyNoPageTables() names the rights that are missing", () => {
    const without = (...names: readonly string[]): string => {
      const drop = names.map((name) => `-${name}`).join(",");
      return askBehind(["setpriv", "--bounding-set", drop, "--inh-caps", drop]);
    };
    expect(without("sys_admin")).toBe("undefined");
    expect(without("sys_admin", "bpf")).toBe("this process lacks CAP_BPF or CAP_SYS_ADMIN");
    expect(without("sys_admin", "perfmon")).toBe("this process lacks CAP_PERFMON or CAP_SYS_ADMIN");
    expect(without("bpf", "perfmon")).toBe("undefined");
  });

  test.skipIf(!existsSync("/sys/kernel/security"))("whyNoPageTables() names lockdown", () => {
    const locked = (state: string): string =>
      askWithMounts(
        `mount -t tmpfs none /sys/kernel/security && echo '${state}' >/sys/kernel/security/lockdown`,
      );
    expect(locked("none integrity [confidentiality]"))
      .toBe("lockdown=confidentiality keeps BPF programs from reading memory of the kernel");
    expect(locked("none [integrity] confidentiality")).toBe("undefined");
  });

  test.skipIf(FaultInjector.missing() !== undefined)(
    "whyNoPageTables() names bpf(2) when that is refused",
    () => {
      expect(askWithFault("bpf * ENOSYS")).toBe("this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)");
      expect(askWithFault("bpf * EPERM"))
        .toBe("bpf(BPF_MAP_CREATE): EPERM: by a system call filter, or in a user namespace");
      // the program does not load, in either form
      expect(askWithFault("bpf * EINVAL 1"))
        .toStartWith("the kernel refuses the BPF program: bpf(BPF_");
    },
  );

  test("whyNoPageTables() says so in a user namespace, where rights are worth nothing", () => {
    expect(askBehind(["unshare", "--user", "--map-root-user"]))
      .toBe("bpf(BPF_MAP_CREATE): EPERM: by a system call filter, or in a user namespace");
  });
});
