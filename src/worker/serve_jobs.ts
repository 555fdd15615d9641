import { collectAfterWork } from "../../ffi/garbage.ts";
import { threadId } from "../../ffi/thread_activity.ts";
import { messageOf } from "../text/message_of.ts";
import {
  type Answer,
  type Greeting,
  type JobFunctions,
  type JobTable,
  type Order,
  transferablesOf,
} from "./messages.ts";

declare const self: {
  addEventListener(type: "message", take: (event: { readonly data: Order }) => void): void;
  postMessage(message: Answer | Greeting, transfer: ArrayBuffer[]): void;
};

/** What a worker thread does: takes one order at a time and answers it. */
export function serveJobs<J extends JobTable>(jobs: JobFunctions<J>): void {
  self.postMessage({ tid: threadId() }, []);
  self.addEventListener("message", ({ data }) => {
    try {
      const run = jobs[data.job];
      if (run === undefined) throw new Error(`Cannot do job "${data.job}": no such job`);
      const reply = run(data.request);
      self.postMessage({ reply }, transferablesOf(reply));
    } catch (error) {
      const message = messageOf(error);
      self.postMessage({ error: message }, []);
    }
    collectAfterWork();
  });
}
