import { expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { FolderWatch } from "../../../../src/daemon/conf_dir/folder_watch.ts";
import { ScratchFolder } from "../../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../../tools/fixtures/wait_for.ts";

test("a watch wakes when a file comes, and knows which are still being written", async () => {
  using folder = new ScratchFolder();
  let woken = 0;
  using watch = await FolderWatch.start(folder.path, () => woken++);
  const fd = openSync(folder.at("a"), "w");
  writeSync(fd, "1");
  await waitFor("the first event", () => woken > 0, { firstPauseMs: 1 });
  expect([watch.isBeingWritten("a"), watch.isBeingWritten("b")]).toEqual([true, false]);
  const before = woken;
  closeSync(fd);
  await waitFor("the last event", () => woken > before, { firstPauseMs: 1 });
  expect(watch.isBeingWritten("a")).toBe(false);
  expect(watch.isLost).toBe(false);
});

test("a watch is lost with its folder, also when another takes its name", async () => {
  using folder = new ScratchFolder();
  mkdirSync(folder.at("watched"));
  let woken = 0;
  using watch = await FolderWatch.start(folder.at("watched"), () => woken++);
  renameSync(folder.at("watched"), folder.at("moved"));
  mkdirSync(folder.at("watched"));
  await waitFor("the loss", () => watch.isLost, { firstPauseMs: 1 });
  expect(woken).toBeGreaterThan(0);
});

test("a watch of which more happens than the kernel keeps believes no file to be written", async () => {
  using folder = new ScratchFolder();
  let woken = 0;
  using watch = await FolderWatch.start(folder.path, () => woken++);
  const fd = openSync(folder.at("open"), "w");
  writeSync(fd, "1");
  expect(watch.isBeingWritten("open")).toBe(true);
  const most = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "latin1"));
  // Events of one file in a row that are the same become one.
  for (let i = 0; i <= most; i++) writeFileSync(folder.at(i % 2 === 0 ? "x" : "y"), "1");
  expect(watch.isBeingWritten("open")).toBe(false);
  closeSync(fd);
  await waitFor("the signal", () => woken > 0, { firstPauseMs: 1 });
});

test("a folder that cannot be watched is refused", async () => {
  using folder = new ScratchFolder();
  writeFileSync(folder.at("file"), "");
  for (const name of ["none", "file"]) {
    const refused = await FolderWatch.start(folder.at(name), () => undefined).catch(String);
    expect(refused).toMatch(/ENOENT|ENOTDIR/);
  }
});
