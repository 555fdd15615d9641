import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { fetchTarball } from "./fetch_tarball.ts";
import { lockedPackages } from "./locked_packages.ts";
import { run } from "./run.ts";

// Makes what the packages are built from, without a network, and prints the paths:
//   dist/etmem.spec                packaging/etmem.spec with the version of package.json
//   dist/etmem-VERSION.tar.gz      the files that git tracks, as of the commit that is checked out
//   dist/etmem-VERSION-vendor.tar  the npm packages that the build takes, as npm serves them
// The same commit gives the same bytes.

/** What `build.ts`, for each architecture, and the manuals take. */
const VENDORED = [
  "@asciidoctor/core",
  "@oven/bun-linux-aarch64",
  "@oven/bun-linux-x64-baseline",
  "prom-client",
];

const top = join(import.meta.dir, "../..");
const dist = join(top, "dist");
const stem = `etmem-${manifest.version}`;

function makeSpec(): string {
  const path = join(dist, "etmem.spec");
  const spec = readFileSync(join(top, "packaging/etmem.spec"), "utf8");
  writeFileSync(path, spec.replace("@VERSION@", manifest.version));
  return path;
}

function makeSource(): string {
  const path = join(dist, `${stem}.tar.gz`);
  const archive = `git -c tar.umask=0022 archive --format=tar --prefix=${stem}/ HEAD`;
  run(
    ["sh", "-c", `${archive} >"$1.tar" && gzip -9 -n <"$1.tar" >"$1" && rm "$1.tar"`, "sh", path],
    top,
  );
  return path;
}

function makeVendor(): string {
  const path = join(dist, `${stem}-vendor.tar`);
  const folder = mkdtempSync(join(dist, "vendor-"));
  try {
    for (const one of lockedPackages(join(top, "package-lock.json"), VENDORED)) {
      fetchTarball(one, folder);
    }
    const time = run(["git", "log", "-1", "--format=@%ct"], top).trim();
    const steady =
      "--format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX";
    run([
      "tar",
      ...steady.split(" "),
      `--mtime=${time}`,
      "-C",
      folder,
      "-cf",
      path,
      "node_modules",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return path;
}

mkdirSync(dist, { recursive: true });
console.log(makeSpec());
console.log(makeSource());
console.log(makeVendor());
