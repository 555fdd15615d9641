import { readlinkSync } from "node:fs";
import { AT_FDCWD } from "../../ffi/libc.ts";
import { readText } from "./read_file.ts";
import { because, type Reason } from "../reason/reasons.ts";

/** Bits of CapEff in /proc/PID/status, of include/uapi/linux/capability.h. */
const BITS = {
  CAP_DAC_OVERRIDE: 1,
  CAP_DAC_READ_SEARCH: 2,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_NICE: 23,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

/** A capability that looking into other processes, or moving their memory, takes. */
export type Capability = keyof typeof BITS;

/**
 * Those that the kernel asks for in the initial user namespace, whoever owns the memory. Root of
 * another one (`unshare --map-root-user`, rootless containers) has them only by name.
 */
const GLOBAL: ReadonlySet<Capability> = new Set(["CAP_SYS_ADMIN", "CAP_SYS_NICE"]);

/** USER_NS_INIT_INO of include/uapi/linux/nsfs.h. */
const INITIAL_NAMESPACE = "user:[4026531837]";

/** The status of this process when it was loaded: it keeps its capabilities. */
let loadedStatus: string | undefined;
try {
  loadedStatus = readOwnStatus();
} catch {
  // No descriptor is left: missingCapabilities() reads it when it is called.
}

function readOwnStatus(): string | undefined {
  return readText(AT_FDCWD, "/proc/self/status");
}

/** The user namespace of this process. */
function ownNamespace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/user");
  } catch {
    return undefined; // Of a kernel without CONFIG_USER_NS.
  }
}

/**
 * Which capabilities this process lacks: containers and units take them from root. The kernel
 * says no more than EPERM or EACCES, and that only about another process.
 * @param needed each a capability, or some of which one is enough.
 * @param status the text of /proc/self/status, by default that of when the program was loaded.
 * @param namespace what /proc/self/ns/user links to; undefined where the kernel has no namespaces.
 * @returns undefined when it has them all, or /proc does not say.
 */
export function missingCapabilities(
  needed: readonly (Capability | readonly Capability[])[],
  status: string | undefined = loadedStatus ?? readOwnStatus(),
  namespace: string | undefined = ownNamespace(),
): Reason | undefined {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1];
  if (mask === undefined) return undefined;
  const effective = BigInt(`0x${mask}`);
  const isInitial = namespace === undefined || namespace === INITIAL_NAMESPACE;
  const isEffective = (name: Capability): boolean =>
    (effective >> BigInt(BITS[name])) % 2n === 1n && (isInitial || !GLOBAL.has(name));
  const missing = needed
    .map((one): readonly Capability[] => typeof one === "string" ? [one] : one)
    .filter((oneOf) => !oneOf.some(isEffective))
    .map((oneOf) => oneOf.join(" or "));
  if (missing.length === 0) return undefined;
  return because(
    isInitial ? "lacks_capability" : "lacks_capability_in_namespace",
    missing.join(" and "),
  );
}
