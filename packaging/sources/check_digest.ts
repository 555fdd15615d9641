import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { LockedPackage } from "./locked_packages.ts";

/** @param path of a package's tarball. @throws {Error} when it is not the one that is pinned. */
export function checkDigest({ name, version, integrity }: LockedPackage, path: string): void {
  const digest = `sha512-${createHash("sha512").update(readFileSync(path)).digest("base64")}`;
  if (digest === integrity) return;
  throw new Error(
    `Cannot use "${path}" as ${name}@${version}: its digest is ${digest}, pinned is ${integrity}`,
  );
}
