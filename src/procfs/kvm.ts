import { readdirSync, readlinkSync } from "node:fs";
import { isGone } from "./read_file.ts";

/**
 * Whether a process has a KVM virtual machine open (/dev/kvm or a kvm-vm descriptor).
 * @param dirFd the process's /proc directory.
 * @throws an error with code ENOENT or ESRCH when the process is gone.
 */
export function runsVirtualMachine(dirFd: number): boolean {
  const folder = `/proc/self/fd/${dirFd}/fd`;
  return readdirSync(folder).some((fd) => {
    try {
      const link = readlinkSync(`${folder}/${fd}`);
      return link === "/dev/kvm" || link.startsWith("anon_inode:kvm-vm");
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  });
}
