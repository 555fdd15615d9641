import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { compile } from "../../tools/fixtures/compile.ts";
import { CACHE } from "./cache.ts";
import { compileDriver } from "./compile_driver.ts";
import { ETMEM_KERNEL } from "./kernels.ts";
import { makeRunFolder } from "./run_folder.ts";

const TOP = join(import.meta.dir, "../../..");
const VM = join(TOP, "tests/vm");
const BOOT_SECONDS = 90;

/** What is to run inside a machine. */
export interface DriverRun {
  /** The TypeScript file of the driver; it is started once for each part, with the part's name. */
  readonly driver: string;
  /** C programs that it needs in /tmp/bin, besides etmem. */
  readonly programs: readonly string[];
  /** The same, compiled already. */
  readonly executables?: readonly string[];
  /** Settings of the machine, which are the environment of run.sh. */
  readonly machine?: Readonly<Record<string, string>>;
  readonly parts: readonly { readonly name: string; readonly seconds: number }[];
  /** Given each line that the machine prints, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Why no machine can be booted here; undefined when it can. */
export function missingMachine(): string | undefined {
  const { ROOTFS } = process.env;
  if (Bun.which("qemu-system-x86_64") === null) return "there is no qemu-system-x86_64";
  return existsSync(ROOTFS ?? join(CACHE, "rootfs-minbase.ext4"))
    ? undefined
    : "the VM has no root image yet: npm run test:vm makes it";
}

async function prepareShare(share: string, run: DriverRun): Promise<void> {
  const { driver, programs, executables = [], parts } = run;
  const bin = join(share, "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(share, "out"), { recursive: true });
  copyFileSync(join(TOP, "dist/etmem"), join(bin, "etmem"));
  copyFileSync(join(VM, "guest/boot.sh"), join(share, "boot.sh"));
  const sources = [...programs, join(TOP, "tests/tools/fixtures/syslog_sink.c")];
  for (const executable of [...sources.map(compile), ...executables]) {
    copyFileSync(executable, join(bin, basename(executable)));
  }
  await compileDriver(driver, join(bin, "guest"));
  const items = parts.map(({ name, seconds }) => `${name}:${seconds}`).join(" ");
  writeFileSync(join(share, "run.sh"), `exec bash /host/boot.sh /host/out ${items}\n`);
}

/**
 * Boots a machine and runs a driver in it, part by part (guest/boot.sh).
 * @returns all lines that it printed.
 */
export async function bootDriver(run: DriverRun): Promise<string[]> {
  const share = makeRunFolder("driver");
  await prepareShare(share, run);
  const allowed = run.parts.reduce((sum, { seconds }) => sum + seconds, BOOT_SECONDS);
  const machine = Bun.spawn(
    ["bash", join(VM, "run.sh"), ETMEM_KERNEL, join(share, "run.sh")],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        SHARE: share,
        LOG: join(share, "console.log"),
        TIMEOUT: String(allowed),
        ...run.machine,
      },
    },
  );
  const lines: string[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of machine.stdout) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      lines.push(piece.trimEnd());
      run.onLine?.(piece.trimEnd());
    }
  }
  await machine.exited;
  return lines;
}
