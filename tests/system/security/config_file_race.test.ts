import { expect, test } from "bun:test";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { ConfigError } from "../../../src/config/config_error.ts";
import { readConfigFile } from "../../../src/daemon/read_config_file.ts";
import { ScratchFolder } from "../../tools/fixtures/scratch_folder.ts";
import { waitFor } from "../../tools/fixtures/wait_for.ts";

test("readConfigFile() reads what it has checked, while the path leads elsewhere again and again", async () => {
  using folder = new ScratchFolder();
  const path = folder.at("slide.conf");
  writeFileSync(folder.at("good"), "good", { mode: 0o600 });
  writeFileSync(folder.at("bad"), "bad");
  chmodSync(folder.at("bad"), 0o666);
  symlinkSync(folder.at("good"), path);
  // Flips a symbolic link by rename(2), so that it always leads to one of the two.
  const script = `import { renameSync, symlinkSync } from "node:fs";
    console.log("go");
    for (;;) for (const to of ["good", "bad"]) {
      symlinkSync(${JSON.stringify(folder.path)} + "/" + to, ${JSON.stringify(`${path}.new`)});
      renameSync(${JSON.stringify(`${path}.new`)}, ${JSON.stringify(path)});
    }`;
  const flipper = Bun.spawn([process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await flipper.stdout.getReader().read();
    const seen = { good: 0, refused: 0 };
    await waitFor("both to be seen often", async () => {
      for (let i = 0; i < 1000; i++) {
        try {
          expect(Buffer.from(await readConfigFile(path)).toString()).toBe("good");
          seen.good++;
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.message).toContain("its mode is 0666");
          seen.refused++;
        }
      }
      return seen.good > 500 && seen.refused > 500;
    }, { firstPauseMs: 1 });
  } finally {
    flipper.kill("SIGKILL");
    await flipper.exited;
  }
});
