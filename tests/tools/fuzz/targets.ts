import type { FuzzTarget } from "./fuzz_target.ts";
import { ANSWER_V1 } from "./targets/answer_v1.ts";
import { ANSWER_V2 } from "./targets/answer_v2.ts";
import { BTF } from "./targets/btf.ts";
import { CONFIGURATION } from "./targets/configuration.ts";
import { CONNECTION } from "./targets/connection.ts";
import { PROCESS_REPORT } from "./targets/process_report.ts";
import { IDLE_PAGES } from "./targets/idle_pages.ts";
import { KEY_FILE } from "./targets/key_file.ts";
import { MAPS } from "./targets/maps.ts";
import { PAGEMAP } from "./targets/pagemap.ts";
import { PAGE_TABLE } from "./targets/page_table.ts";
import { PROCESS_STAT } from "./targets/process_stat.ts";
import { REQUEST_V1 } from "./targets/request_v1.ts";
import { REQUEST_V2 } from "./targets/request_v2.ts";
import { SIZE_TABLES } from "./targets/size_tables.ts";
import { SMAPS } from "./targets/smaps.ts";
import { STATUS_TABLE } from "./targets/status_table.ts";
import { SWAP_PAGES_TEXT } from "./targets/swap_pages_text.ts";

/** All that is fuzzed in this language. */
export const TARGETS: readonly FuzzTarget[] = [
  KEY_FILE,
  CONFIGURATION,
  REQUEST_V1,
  REQUEST_V2,
  CONNECTION,
  ANSWER_V1,
  ANSWER_V2,
  STATUS_TABLE,
  PROCESS_REPORT,
  IDLE_PAGES,
  MAPS,
  SMAPS,
  PAGEMAP,
  PAGE_TABLE,
  PROCESS_STAT,
  SIZE_TABLES,
  SWAP_PAGES_TEXT,
  BTF,
];
