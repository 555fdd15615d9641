/** What a run of `bun test` says of one test. */
export interface TestCase {
  readonly file: string;
  /** With those of describe() in front, as `--test-name-pattern` sees it. */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

function unescapeXml(text: string): string {
  return text.replaceAll(/&(#?\w+);/g, (whole, name: string) => {
    if (name.startsWith("#x")) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith("#")) return String.fromCodePoint(Number(name.slice(1)));
    return ENTITIES[name] ?? whole;
  });
}

function attribute(tag: string, name: string): string {
  return unescapeXml(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
}

/** Reads the report that `bun test --reporter=junit` writes. */
export function readJunit(xml: string): TestCase[] {
  return [...xml.matchAll(/<testcase( [^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, tag = "", body = ""]) => {
      const group = attribute(tag, "classname").replaceAll(" > ", " ");
      const name = attribute(tag, "name");
      const skipped = body.includes("<skipped");
      const failed = body.includes("<failure") || body.includes("<error");
      return {
        file: attribute(tag, "file"),
        name: group === "" || group === "." ? name : `${group} ${name}`,
        state: skipped ? "skipped" : failed ? "failed" : "passed",
      };
    },
  );
}
