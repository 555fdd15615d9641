import type { AdviceDocument, TaskAdvice } from "../status/advice.ts";
import { formatBytes, formatDuration, formatShare } from "../text/quantities.ts";
import { wrap } from "./layout.ts";
import { readDocument } from "./read_document.ts";

/**
 * What `etmem advise` prints: a configuration file, with what it would come to as comments.
 * @param document the text of an AdviceDocument.
 * @throws {SyntaxError} when it is none of the version known here; `message` says what it "is".
 */
export function formatAdvice(document: string): string {
  return readDocument(document, ({ project, tasks, lines }: AdviceDocument) => {
    const summary = [wrap("# ", [`project ${project}`]), ...tasks.map(formatTask)];
    return [...summary, ...(lines.length === 0 ? [] : [`\n${lines.join("\n")}\n`])].join("");
  });
}

function formatTask(task: TaskAdvice): string {
  const { name, state, reason, saved_bytes: saved, memory_bytes: memory } = task;
  if (state !== "advised") return wrap("#   ", [`task ${name}: ${reason ?? state}`]);
  return wrap("#   ", [
    `task ${name}: saves ${formatBytes(saved)} of ${formatBytes(memory)} ` +
    `(${formatShare(saved, memory)})`,
    `${formatBytes(task.returned_bytes_per_minute)} a minute come back`,
    `a process waits for that ${task.harm_percent} % of its time at most`,
    `where a swap-in takes ${formatDuration(task.swap_in_us)}`,
  ]);
}
