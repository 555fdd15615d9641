import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { addFile, removeFile } from "../../../src/daemon/object_file.ts";
import { Registry } from "../../../src/project/registry.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { ScriptedEngines } from "../project/scripted_engine.ts";

const PROJECT = `[project]
name=test
loop=1
interval=1
sleep=1

[engine]
name=slide
project=test
`;

/** Its T says that a page which is used in every scan is cold, unless loop is known. */
const TASK = `[task]
project=test
engine=slide
name=a
type=name
value=mysqld
T=3
`;

test("addFile() refuses a task that was read before its project was there, and takes it afterwards", async () => {
  using folder = new ScratchFolder();
  writeFileSync(folder.at("project"), PROJECT, { mode: 0o600 });
  writeFileSync(folder.at("task"), TASK, { mode: 0o600 });
  const begun = Promise.withResolvers<void>();
  const loading = Promise.withResolvers<ScriptedEngines[]>();
  const compiled = Promise.withResolvers<void>();
  class Watched extends Registry {
    override describe(project: string): ReturnType<Registry["describe"]> {
      compiled.resolve();
      return super.describe(project);
    }
  }
  const registry = new Watched(() => {
    begun.resolve();
    return loading.promise;
  });
  const options = { signal: new AbortController().signal };
  const add = (name: string) => addFile(folder.at(name), registry, options);

  const first = add("project");
  // which of two files is read first is not certain
  await begun.promise;
  const both = Promise.allSettled([first, add("task")]);
  // only a task asks for the project of another file
  await compiled.promise;
  loading.resolve([new ScriptedEngines()]);
  const [project, task] = await both;
  expect(project.status).toBe("fulfilled");
  expect(String(task.status === "rejected" ? task.reason : task.value)).toContain(
    'project "test" has changed meanwhile, try again',
  );
  expect(await add("task")).toEqual([expect.stringContaining("T=3: taken as 1")]);
});

/** A registry with the project of a file that is in --conf-dir. */
async function withProject(file: string): Promise<Registry> {
  writeFileSync(file, PROJECT, { mode: 0o600 });
  const registry = new Registry(() => Promise.resolve([new ScriptedEngines()]));
  await addFile(file, registry, { confFile: file, signal });
  return registry;
}

const { signal } = new AbortController();

test("removeFile() says that what is removed comes back when its file is of --conf-dir", async () => {
  using folder = new ScratchFolder();
  const file = folder.at("project");
  const registry = await withProject(file);
  expect(await removeFile(file, registry, signal)).toEqual({
    warnings: [
      `"${file}" is still there: what it holds is added again when the file changes or etmemd starts anew`,
    ],
    out: { bytes: 0, isWhole: true },
  });
  expect(registry.describe("test")).toBeUndefined();
});

test("removeFile() removes nothing when the file cannot be read", async () => {
  using folder = new ScratchFolder();
  const registry = await withProject(folder.at("project"));
  const [removal] = await Promise.allSettled([removeFile(folder.at("none"), registry, signal)]);
  expect(removal).toMatchObject({
    status: "rejected",
    reason: { message: expect.stringContaining("there is no such file") as string },
  });
  expect(registry.describe("test")).toBeDefined();
});
