import { AT_FDCWD } from "../../ffi/libc.ts";
import { ProcfsError, readText } from "./read_file.ts";

const LINES = /^(?:Node (\d+), zone .*| {8}spanned +(\S+)| {2}start_pfn: +(\S+))$/gm;

/** Page frames in a row that a zone of a node spans. */
interface Span {
  readonly node: number;
  readonly from: number;
  readonly to: number;
}

/** Zones without memory have no start_pfn. */
function parseSpans(zoneinfo: string): Span[] {
  const numberOf = (found: string, item: string, at: number): number => {
    if (/^\d+$/.test(found)) return Number(found);
    throw new ProcfsError("zoneinfo", zoneinfo.slice(0, at).split("\n").length, item, found);
  };
  const spans: Span[] = [];
  let node: number | undefined;
  let pages = 0;
  for (const { 1: id, 2: spanned, 3: start, index } of zoneinfo.matchAll(LINES)) {
    if (id !== undefined) {
      node = Number(id);
      pages = 0;
    } else if (spanned !== undefined) {
      pages = numberOf(spanned, "spanned", index);
    } else if (node !== undefined && start !== undefined) {
      const from = numberOf(start, "start_pfn", index);
      if (pages > 0) spans.push({ node, from, to: from + pages });
    }
  }
  return spans.sort((a, b) => a.from - b.from);
}

/** Which NUMA node a page frame is on, by the zones of /proc/zoneinfo (proc_zoneinfo(5)). */
export class NodeSpans {
  readonly #spans: readonly Span[];
  /** That which had the last frame: the pages of a process mostly lie together. */
  #last: Span;

  private constructor(spans: readonly Span[], first: Span) {
    this.#spans = spans;
    this.#last = first;
  }

  /**
   * @returns undefined where zones of several nodes interleave: a span says nothing of its frames
   * then. @throws {ProcfsError}
   * @internal
   */
  static parse(zoneinfo: string): NodeSpans | undefined {
    const spans = parseSpans(zoneinfo);
    let last = spans[0];
    if (last === undefined) return undefined;
    for (const span of spans.slice(1)) {
      if (span.from < last.to && span.node !== last.node) return undefined;
      if (span.to > last.to) last = span;
    }
    return new NodeSpans(spans, spans[0]!);
  }

  /** @param root where procfs is mounted. @throws {ProcfsError | SystemCallError} */
  static read(root = "/proc"): NodeSpans | undefined {
    return NodeSpans.parse(readText(AT_FDCWD, `${root}/zoneinfo`) ?? "");
  }

  /** @returns undefined for a frame that is in no zone, as of a device. */
  nodeOf(frame: number): number | undefined {
    if (frame < this.#last.from || frame >= this.#last.to) {
      const span = this.#spans.find(({ from, to }) => frame >= from && frame < to);
      if (span === undefined) return undefined;
      this.#last = span;
    }
    return this.#last.node;
  }
}
