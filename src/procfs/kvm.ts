import { readlinkSync } from "node:fs";
import { SystemCallError } from "../../ffi/errno.ts";
import { isGone, readFile } from "./read_file.ts";

/** A mapping that a virtual CPU shares with the program that runs it (kvm_run of linux/kvm.h). */
const VCPU = Buffer.from("anon_inode:kvm-vcpu");
/** What stands before that name. A file of the same name has a path, which begins with a slash. */
const BEFORE_NAME = /^[0-9a-f]+-[0-9a-f]+ \S{4} [0-9a-f]+ \S+ \d+ +$/;
const NEWLINE = 0x0a;

/** So many descriptors are looked at, from 0 on, up to so many free numbers in a row. */
const DESCRIPTORS = 64;
const FREE_IN_A_ROW = 8;
const ESRCH = 3;

/** Whether maps shows a virtual CPU. */
function showsVirtualCpu(maps: Uint8Array): boolean {
  const bytes = Buffer.from(maps.buffer, maps.byteOffset, maps.length);
  for (let at = bytes.indexOf(VCPU); at >= 0; at = bytes.indexOf(VCPU, at + 1)) {
    const line = bytes.subarray(bytes.lastIndexOf(NEWLINE, at) + 1, at).toString("latin1");
    if (BEFORE_NAME.test(line)) return true;
  }
  return false;
}

/** Whether /dev/kvm or a virtual machine is among the first descriptors. */
function hasEarlyDescriptor(dirFd: number): boolean {
  let free = 0;
  for (let fd = 0; fd < DESCRIPTORS && free < FREE_IN_A_ROW; fd++) {
    try {
      const link = readlinkSync(`/proc/self/fd/${dirFd}/fd/${fd}`);
      if (link === "/dev/kvm" || link.startsWith("anon_inode:kvm-vm")) return true;
      free = 0;
    } catch (error) {
      if (!isGone(error)) throw error;
      free++;
    }
  }
  return false;
}

/**
 * Whether a process runs a KVM virtual machine, or prepares to. A guest runs only while a virtual
 * CPU of it is mapped. A program that has none yet mostly has /dev/kvm among its first descriptors.
 * So the answer costs the same for any number of descriptors.
 * @param dirFd the process's /proc directory.
 * @throws {SystemCallError} with code ENOENT or ESRCH when the process is gone.
 */
export function runsVirtualMachine(dirFd: number): boolean {
  if (hasEarlyDescriptor(dirFd)) return true;
  const maps = readFile(dirFd, "maps");
  if (maps === undefined) throw new SystemCallError("read", ESRCH, "maps");
  return showsVirtualCpu(maps);
}
