import { CSLIDE } from "./cslide/cslide_engine.ts";
import type { EngineKind } from "./engine.ts";
import { SLIDE } from "./slide/slide_engine.ts";
import { PLUGIN } from "./plugin/plugin_engine.ts";

/** All engines. */
export const ENGINES: readonly EngineKind[] = [SLIDE, CSLIDE, PLUGIN];
