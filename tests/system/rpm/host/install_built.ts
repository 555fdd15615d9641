import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Built } from "./check.ts";
import { run } from "./command.ts";

const DIST = join(import.meta.dir, "../../../../dist/rpm");
const IMAGES = process.env["VMDIR"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "etmem-vm");

/**
 * Sorts the packages that scripts/test_rpm.sh has built by release,
 * and installs the first below `share`.
 */
export function installBuilt(share: string): Built {
  const rpms = new Map<number, string[]>();
  const folder = join(DIST, "RPMS", process.arch === "arm64" ? "aarch64" : "x86_64");
  for (const name of readdirSync(folder).sort()) {
    const release = Number(/-(\d+)[^-]*\.[^.]+\.rpm$/.exec(name)?.[1]);
    const path = join(share, "rpms", String(release), name);
    mkdirSync(dirname(path), { recursive: true });
    cpSync(join(folder, name), path);
    rpms.set(release, [...rpms.get(release) ?? [], path]);
  }
  return { folder: DIST, rpms, root: installInto(join(share, "../root"), rpms.get(1) ?? []) };
}

/** Installs packages into a copy of the VM's root folder. @returns `root`. */
function installInto(root: string, rpms: readonly string[]): string {
  rmSync(root, { recursive: true, force: true });
  run("cp", "-a", "--reflink=auto", join(IMAGES, "root-systemd"), root);
  // As openEuler has it: services do not start because they are installed.
  mkdirSync(join(root, "etc/systemd/system-preset"), { recursive: true });
  writeFileSync(join(root, "etc/systemd/system-preset/99-disable.preset"), "disable *\n");
  run("rpm", "--root", root, "--nodeps", "--force-debian", "-i", ...rpms);
  return root;
}
