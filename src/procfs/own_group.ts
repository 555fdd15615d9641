import { AT_FDCWD } from "../../ffi/libc.ts";
import type { CgroupHierarchy } from "./cgroup_tree.ts";
import { readText } from "./read_file.ts";

/**
 * The control group of this process (cgroups(7)), below the folder of the hierarchy and without a
 * slash in front. @param root where procfs is mounted.
 */
export function ownGroup({ version }: CgroupHierarchy, root = "/proc"): string | undefined {
  const text = readText(AT_FDCWD, `${root}/self/cgroup`) ?? "";
  const line = version === 2 ? /^0::\/(.*)$/m : /^\d+:(?:.*,)?memory(?:,.*)?:\/(.*)$/m;
  const path = line.exec(text)?.[1];
  return path === undefined ? undefined : Buffer.from(path, "latin1").toString();
}
