import { expect, test } from "bun:test";
import { StuckForks } from "../../system/arm64/stuck_forks.ts";
import { isAlive } from "../fixtures/is_alive.ts";
import { UNIQUE } from "../fixtures/unique.ts";
import { waitFor } from "../fixtures/wait_for.ts";

const FOLDER = `/no/folder/${UNIQUE}`;

test("a child that uses no CPU time before it executes a program is ended, and no other", async () => {
  const name = `emulator-${UNIQUE}`;
  // A subshell is a fork with the same command line; "cat" has one of its own.
  await using shell = Bun.spawn(["sh", "-c", "(read line; cat) ; cat; exit 3", FOLDER], {
    argv0: name,
    stdin: "pipe",
  });
  using forks = new StuckForks(name, FOLDER);
  using others = new StuckForks(name, `${FOLDER}/other`);
  const [pid] = await waitFor("the subshell", () => {
    others.look(0);
    forks.look(0);
    const found = forks.seen;
    return found.length === 1 && found;
  });
  expect([forks.look(59_000), others.look(61_000)]).toEqual([[], []]);
  expect(isAlive(pid!)).toBe(true);
  expect(forks.look(61_000)).toEqual([pid!]);
  await waitFor("it to end", () => !isAlive(pid!));
  expect(forks.look(200_000)).toEqual([]);
  await shell.stdin.end();
  expect(await shell.exited).toBe(3);
});
