import type { ServerStatus } from "../status/server_status.ts";
import type { History } from "./history.ts";
import type { Look } from "./line.ts";
import type { ViewState } from "./view_state.ts";

/** The histogram of a task, or why there is none. */
export interface TaskHistogramText {
  /** Of the task's row. */
  readonly key: string;
  readonly text: string;
}

/** What is known when a screen is drawn. */
export interface Scene {
  /** The newest status; undefined before the first. */
  readonly status?: ServerStatus;
  /** Name of the server's socket. */
  readonly socket: string;
  /** Why there is no newer status. */
  readonly gone?: string;
  /** CPU time of the server since the status before, in percent of one CPU. */
  readonly serverCpuPercent?: number;
  /** Of the task whose view is shown, once it has come. */
  readonly histogram?: TaskHistogramText;
  readonly history: History;
  readonly state: ViewState;
  readonly look: Look;
}

/** Size of a terminal in characters. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const HEAD_LINES = 3;
const FOOT_LINES = 2;

/** Lines for the body of a view. */
export function bodyHeight({ height }: Size): number {
  return Math.max(1, height - HEAD_LINES - FOOT_LINES);
}
