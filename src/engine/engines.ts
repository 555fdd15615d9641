import type { EngineKindName } from "../config/engines.ts";
import { CSLIDE } from "./cslide/cslide_engine.ts";
import type { EngineKind } from "./engine.ts";
import { PLUGIN } from "./plugin/plugin_engine.ts";
import { PSI } from "./psi/psi_engine.ts";
import { SLIDE } from "./slide/slide_engine.ts";

/** All engines: one for each kind that has a configuration. */
export const ENGINES: { readonly [Kind in EngineKindName]: EngineKind<Kind> } = {
  slide: SLIDE,
  cslide: CSLIDE,
  psi: PSI,
  thirdparty: PLUGIN,
};
