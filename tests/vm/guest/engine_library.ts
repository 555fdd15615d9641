import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { BIN } from "./machine.ts";

const FOLDER = "/usr/lib/etmem";
const SCAN_LIB = "libetmemd_scan.so";

/**
 * Installs a third-party engine and the scan library that it needs where their `make install` puts
 * them; the root file system is gone with the machine.
 * @returns the path for libname.
 */
export function installEngine(name: string): string {
  mkdirSync(FOLDER, { recursive: true, mode: 0o755 });
  copyFileSync(`${BIN}/${SCAN_LIB}`, `/usr/lib/${SCAN_LIB}`);
  const path = `${FOLDER}/${name}.so`;
  copyFileSync(`${BIN}/${name}.so`, path);
  chmodSync(path, 0o500);
  return path;
}
