import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../tools/fixtures/compile.ts";
import { compileDriver } from "../../vm/host/compile_driver.ts";
import { kernelImage } from "../../vm/host/kernels.ts";
import { runBoot } from "../../vm/host/run_boot.ts";
import { makeRunFolder } from "../../vm/host/run_folder.ts";
import { messageOf } from "../../../src/text/message_of.ts";
import { CHECKS } from "./host/checks.ts";
import { compileEngine } from "./host/compile_engine.ts";
import { installBuilt } from "./host/install_built.ts";
import { makeImage } from "./host/make_image.ts";
import { BOOTS } from "./scenarios.ts";

// Looks at the packages that scripts/test_rpm.sh has built, and runs the scenarios, or those of
// both whose names contain one of the arguments, in a VM that they are installed in.
// The last line is "N passed, N failed".
const TESTS = join(import.meta.dir, "../..");
const words = process.argv.slice(2);
// A scenario whose kernel cannot be had is skipped.
const isWanted = ({ name }: { readonly name: string }) =>
  words.length === 0 || words.some((word) => name.includes(word));

const folder = makeRunFolder("rpm");
const share = join(folder, "share");
mkdirSync(join(share, "bin"), { recursive: true });
const built = installBuilt(share);
const failures: string[] = [];
let passed = 0;

for (const check of CHECKS.filter(isWanted)) {
  try {
    check.run(built);
    console.log(`ok ${check.name}`);
    passed += 1;
  } catch (error) {
    const reason = messageOf(error);
    failures.push(`not ok ${check.name}: ${reason}`);
  }
}

const boots = BOOTS.map((boot) =>
  Object.assign({}, boot, { scenarios: boot.scenarios.filter(isWanted) })
)
  .filter(({ scenarios }) => scenarios.length > 0);
if (boots.length > 0) {
  copyFileSync(join(TESTS, "system/rpm/guest/boot.sh"), join(share, "boot.sh"));
  copyFileSync(compile(join(TESTS, "tools/fixtures/target.c")), join(share, "bin/target"));
  compileEngine(built.root, join(share, "idle_twice.so"));
  await compileDriver(join(TESTS, "system/rpm/guest/main.ts"), join(share, "bin/guest"));
  const image = join(folder, "rootfs-systemd.ext4");
  makeImage(built.root, image);
  process.env["ROOTFS"] = image;
  for (const boot of boots) {
    const kernel = kernelImage(boot.kernel ?? "etmem");
    if (kernel.missing !== undefined) {
      for (const { name } of boot.scenarios) console.log(`skipped ${name}: ${kernel.missing}`);
      continue;
    }
    const result = await runBoot(boot, share, kernel.image);
    result.explain();
    for (const outcome of result.outcomes) {
      if (outcome.passed) passed += 1;
      else failures.push(`not ok ${outcome.name}: ${outcome.detail}`);
    }
  }
}

for (const failure of failures) console.log(failure);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
