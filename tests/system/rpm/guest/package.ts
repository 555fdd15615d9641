import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { note } from "../../../vm/guest/demand.ts";
import { attempt, run, type Said } from "./command.ts";
import { CONF_DIR } from "./service.ts";

/** Where the host puts the packages: a folder for each release. */
const PACKAGES = "/host/rpms";
/**
 * The image is Debian's: nothing in its database of rpms satisfies a dependency. Digests are not
 * verified again: where the processor is emulated, that is most of the time.
 */
const ON_DEBIAN = ["--nodeps", "--force-debian", "--nodigest", "--nosignature", "--nofiledigest"];

function files(release: number): string[] {
  const folder = `${PACKAGES}/${release}`;
  return readdirSync(folder).map((name) => `${folder}/${name}`);
}

/** The release that is installed, if one is. */
export function installedRelease(): number | undefined {
  const { status, stdout } = attempt("rpm", "-q", "--qf", "%{RELEASE}", "etmem");
  return status === 0 ? Number(stdout) : undefined;
}

/** Upgrades to a release, from an earlier one or from the same. */
export function upgrade(release: number): Said {
  const began = performance.now();
  const said = attempt("rpm", "-U", "--replacepkgs", ...ON_DEBIAN, ...files(release));
  note({ upgradeMs: performance.now() - began });
  return said;
}

/** Erases all there is. */
export function erasePackages(): Said {
  return attempt("rpm", "-e", ...ON_DEBIAN, "etmem", "etmem-libs", "etmem-devel");
}

/**
 * Has a release installed, as it comes, with the service stopped and nothing in conf.d;
 * any that is there will do.
 */
export function freshly(release = installedRelease() ?? 1): void {
  attempt("systemctl", "stop", "etmemd");
  attempt("systemctl", "reset-failed", "etmemd");
  for (const folder of [CONF_DIR, "/var/lib/etmem"]) {
    rmSync(folder, { recursive: true, force: true });
  }
  mkdirSync(CONF_DIR, { recursive: true });
  const installed = installedRelease();
  if (installed !== release) {
    run("rpm", "-U", "--oldpackage", ...ON_DEBIAN, ...files(release));
  }
  if (!existsSync("/usr/bin/etmem")) throw new Error("the package brought no executable");
}
