import type { ProjectDescription } from "./description.ts";
import type { FileObject } from "./file_objects.ts";
import type { Findings } from "./findings.ts";
import type { ValuesOf } from "./key_table.ts";
import { PROJECT_KEYS } from "./project_keys.ts";
import { findEntry, readKeys } from "./read_keys.ts";

/** Compiles a [project]. @returns undefined when something was refused, which is in `findings` then. */
export function compileProject(
  object: FileObject,
  findings: Findings,
): ProjectDescription | undefined {
  const values = readKeys(object, PROJECT_KEYS, findings);
  if (values === undefined) return undefined;
  const swapcacheWmark = compileWmark(object, values, findings);
  return {
    name: values.name,
    loop: values.loop,
    intervalSeconds: values.interval,
    sleepSeconds: values.sleep,
    ...(values.sysmem_threshold !== undefined && {
      sysmemThresholdPercent: values.sysmem_threshold,
    }),
    ...(swapcacheWmark !== undefined && { swapcacheWmark }),
    tracker: values.tracker,
    mover: values.mover,
  };
}

const LOW = "swapcache_low_wmark";
const HIGH = "swapcache_high_wmark";

function compileWmark(
  object: FileObject,
  { [LOW]: lowPercent, [HIGH]: highPercent }: ValuesOf<typeof PROJECT_KEYS.keys>,
  findings: Findings,
): ProjectDescription["swapcacheWmark"] {
  const low = findEntry(object, PROJECT_KEYS, LOW);
  const high = findEntry(object, PROJECT_KEYS, HIGH);
  if (lowPercent !== undefined && highPercent !== undefined) {
    if (low !== undefined && lowPercent >= highPercent) {
      findings.refuseValue(object, low, "out of range", `less than ${HIGH}=${highPercent}`);
    }
    return { lowPercent, highPercent };
  }
  if (low !== undefined) findings.refuseValue(object, low, `${HIGH} is missing`, "both or none");
  if (high !== undefined) findings.refuseValue(object, high, `${LOW} is missing`, "both or none");
  return undefined;
}
