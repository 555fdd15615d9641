import { messageOf } from "../src/text/message_of.ts";
import type { Leftover } from "./leftover.ts";
import { takeAway } from "./leftover.ts";

/**
 * The demo's caretaker, a process with a session of its own. The demo tells it what it brings into
 * the machine. When the demo ends, also when it is killed, the caretaker takes all of that away,
 * the newest first. The end of its pipe is the end of the demo.
 */
const REPORT_FD = 3;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

const lines = (await Bun.file(REPORT_FD).text()).split("\n").filter((line) => line !== "");
for (const line of lines.reverse()) {
  try {
    await takeAway(JSON.parse(line) as Leftover);
  } catch (error) {
    console.log(messageOf(error));
  }
}
