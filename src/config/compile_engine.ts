import type { EngineDescription } from "./description.ts";
import {
  ANY_ENGINE_KEYS,
  CSLIDE_ENGINE_KEYS,
  SLIDE_ENGINE_KEYS,
  THIRD_PARTY_ENGINE_KEYS,
} from "./engine_keys.ts";
import type { FileObject } from "./file_objects.ts";
import type { Findings } from "./findings.ts";
import { findEntry, readKeys } from "./read_keys.ts";

/**
 * Compiles an [engine].
 * @param keyFileText makes what a third-party engine of that project is handed.
 * @returns undefined when something was refused, which is in `findings` then.
 */
export function compileEngine(
  object: FileObject,
  keyFileText: (project: string) => string,
  findings: Findings,
): EngineDescription | undefined {
  switch (findEntry(object, ANY_ENGINE_KEYS, "name")?.value) {
    case "slide": {
      const values = readKeys(object, SLIDE_ENGINE_KEYS, findings);
      return values && { kind: "slide", project: values.project, name: "slide" };
    }
    case "cslide": {
      const values = readKeys(object, CSLIDE_ENGINE_KEYS, findings);
      return values && {
        kind: "cslide",
        project: values.project,
        name: "cslide",
        nodePairs: values.node_pair,
        hotThreshold: values.hot_threshold,
        nodeMigQuotaMb: values.node_mig_quota,
        nodeHotReserveMb: values.node_hot_reserve,
      };
    }
    case "thirdparty": {
      const values = readKeys(object, THIRD_PARTY_ENGINE_KEYS, findings);
      return values && {
        kind: "thirdparty",
        project: values.project,
        name: values.eng_name,
        libname: values.libname,
        opsName: values.ops_name,
        keyFileText: keyFileText(values.project),
        groupText: object.groups.flatMap((group) => group.source).join("\n"),
      };
    }
    default:
      readKeys(object, ANY_ENGINE_KEYS, findings);
      return undefined;
  }
}
