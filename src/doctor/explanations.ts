import type { ReasonName } from "../reason/reasons.ts";
import type { Explanation } from "./explanation.ts";
import { FIND_EXPLANATIONS } from "./explanations/find.ts";
import { NODE_EXPLANATIONS } from "./explanations/nodes.ts";
import { PART_EXPLANATIONS } from "./explanations/parts.ts";
import { REFUSE_EXPLANATIONS } from "./explanations/refuse.ts";
import { SKIP_EXPLANATIONS } from "./explanations/skip.ts";
import { SPARE_EXPLANATIONS } from "./explanations/spare.ts";
import { WAIT_EXPLANATIONS } from "./explanations/wait.ts";

/** What each reason means. One that has no explanation is an error of types. */
export const EXPLANATIONS: Readonly<Record<ReasonName, Explanation>> = {
  ...FIND_EXPLANATIONS,
  ...SKIP_EXPLANATIONS,
  ...SPARE_EXPLANATIONS,
  ...REFUSE_EXPLANATIONS,
  ...NODE_EXPLANATIONS,
  ...WAIT_EXPLANATIONS,
  ...PART_EXPLANATIONS,
};
