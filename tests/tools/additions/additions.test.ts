import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { waitFor } from "../fixtures/wait_for.ts";
import { askStatus } from "../../system/ask_status.ts";
import { ask } from "../../system/raw_client.ts";
import { freshName, isListening } from "../../system/server_process.ts";
import { type Addition, ADDITIONS } from "./additions.ts";
import { ProgramCopy } from "./program_copy.ts";

const copy = new ProgramCopy();
afterAll(() => copy[Symbol.dispose]());

const PROGRAM = ["main.ts", "src", "ffi"];

/** What a check says of a part that is missing, so that it fails for no other reason. */
const WHAT_IT_SAYS = {
  types: /error TS\d+: [^]*(?:madeup|MADEUP|paceMb|pace|freed_bytes|made_up)/,
  unused: /tracker_made_up\.ts/,
  docs: /keys of \[engine\] of madeup/,
} as const;

/** What CONTRIBUTING.md says that is touched: files, and folders of which one file is touched. */
function listedFor({ entry, name }: Addition): string[] {
  const text = readFileSync(copy.at("CONTRIBUTING.md"), "utf8").replaceAll(/\s+/g, " ");
  const list = text.split(`- **${entry}**: `)[1]?.split(". ")[0] ?? "";
  return [...list.matchAll(/`([^`]+)`/g)].map(([, path]) => (path ?? "").replaceAll("NAME", name));
}

function touchedBy({ parts, documents }: Addition): string[] {
  return [...new Set([...parts.map(({ file }) => file), ...documents])];
}

for (const addition of ADDITIONS) {
  describe(`${addition.entry.toLowerCase()} (${addition.name})`, () => {
    test("touches the files that CONTRIBUTING.md lists, and no other", () => {
      const listed = listedFor(addition);
      const isFor = (path: string, file: string): boolean =>
        path.endsWith("/") ? file.startsWith(path) : file === path;
      const touched = touchedBy(addition);
      expect(touched.filter((file) => !listed.some((path) => isFor(path, file)))).toEqual([]);
      expect(listed.filter((path) => !touched.some((file) => isFor(path, file)))).toEqual([]);
    });

    for (const [index, part] of addition.parts.entries()) {
      if (part.missedBy === undefined) continue;
      test(`is incomplete without part ${index + 1}, in ${part.file}`, () => {
        copy.add(addition, part);
        try {
          const check = {
            types: () => copy.compile(...PROGRAM),
            unused: () => copy.unused(),
            docs: () => copy.staleDocuments(),
          }[part.missedBy!];
          const { success, output } = check();
          expect(output).toMatch(WHAT_IT_SAYS[part.missedBy!]);
          expect(success).toBe(false);
        } finally {
          copy.restore(addition);
        }
      });
    }
  });
}

describe("all additions together", () => {
  test("need no other change: everything compiles, is allowed, used, documented and tested", () => {
    for (const addition of ADDITIONS) copy.add(addition);
    expect(copy.staleDocuments().success).toBe(false);
    const made = copy.bun("packaging/docs/main.ts");
    expect(made).toEqual({ success: true, output: "" });
    const green = { success: true, output: "" };
    expect(copy.staleDocuments()).toEqual(green);
    expect(copy.compile()).toEqual(green);
    expect(copy.bun("tests/tools/layering/main.ts")).toEqual(green);
    expect(copy.unused()).toEqual(green);
    const folders = ["config", "status", "cli", "docs", "packaging/manuals.test.ts"];
    const tests = copy.bun(
      "test",
      "--timeout",
      "300000",
      "--only-failures",
      ...folders.map((folder) => `tests/unit/${folder}`),
    );
    expect(tests.output).toContain("\n 0 fail\n");
    expect(tests.success).toBe(true);
  }, 600_000);

  test("work: the server takes, starts and shows them", async () => {
    const name = freshName();
    const server = Bun.spawn([process.execPath, copy.at("main.ts"), "etmemd", "-s", name], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    try {
      await waitFor("the server to listen", () => isListening(name));
      const file = copy.at("madeup.conf");
      const text = "[project]\nname=p\nloop=1\ninterval=1\nsleep=1\ntracker=made_up\n" +
        "[engine]\nname=madeup\nproject=p\npace=7\n" +
        "[task]\nproject=p\nengine=madeup\nname=t\ntype=name\nvalue=x\ndepth=3\n" +
        "[engine]\nname=slide\nproject=p\n" +
        "[task]\nproject=p\nengine=slide\nname=s\ntype=name\nvalue=x\nT=1\npace=5\n";
      writeFileSync(file, text, { mode: 0o600 });
      const request = (cmd: number, project: string, path: string): Promise<string> =>
        ask(
          name,
          `proj_name ${project} file_name ${path} cmd ${cmd} eng_name - eng_cmd - task_name -`,
        );
      expect(await request(0, "-", file)).toBe("[ok]");
      const status = await askStatus(name);
      expect(status.trackers.map((tracker) => tracker.name)).toContain("made_up");
      expect(status.projects[0]).toMatchObject({
        tracker: "made_up",
        engines: [{ name: "slide" }, { name: "madeup", kind: "madeup", tasks: [{ name: "t" }] }],
      });
      expect(await request(4, "p", "-")).toContain("madeup");
    } finally {
      server.kill("SIGKILL");
      await server.exited;
    }
  });
});
