import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Boot } from "../scenario.ts";
import { type Outcome, outcomeOf, settle } from "./console.ts";
import { ETMEM_KERNEL } from "./kernels.ts";

const VM = join(import.meta.dir, "..");
/** Starting a machine and copying the programs into it. */
const BOOT_SECONDS = 90;
const LIMIT_SECONDS = process.env["FULL_SIZE"] === "1" ? 3600 : 2000;
const LOG_LINES = 60;

/** What one machine's run left. */
export interface BootResult {
  readonly outcomes: readonly Outcome[];
  /** Shows the logs of what failed. */
  explain(): void;
}

function tail(path: string): string {
  if (!existsSync(path)) return "(none)";
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-LOG_LINES).join("\n");
}

/** What run.sh is told of the machine, by environment. */
function machineSettings({ commandLine, fiveLevels }: Boot): Readonly<Record<string, string>> {
  return {
    ...(commandLine === undefined ? {} : { APPEND: commandLine }),
    ...(fiveLevels === true ? { LA57: "on" } : {}),
  };
}

/** Boots a machine, runs its scenarios and says on standard output what becomes of each. */
export async function runBoot(
  boot: Boot,
  share: string,
  image: string = ETMEM_KERNEL,
): Promise<BootResult> {
  const names = boot.scenarios.map((scenario) => scenario.name);
  const out = join(share, boot.name);
  mkdirSync(out, { recursive: true });
  const script = join(share, `${boot.name}.sh`);
  const items = boot.scenarios.map((one) => `${one.name}:${one.deadlineSeconds}`);
  const setting = `export FULL_SIZE=${process.env["FULL_SIZE"] ?? 0}`;
  writeFileSync(
    script,
    `${setting}\nexec bash /host/boot.sh /host/${boot.name} ${items.join(" ")}\n`,
  );

  const allowed = boot.scenarios.reduce((sum, one) => sum + one.deadlineSeconds, BOOT_SECONDS);
  const consoleLog = join(out, "console.log");
  const machine = Bun.spawn(["bash", join(VM, "run.sh"), image, script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      ...machineSettings(boot),
      SHARE: share,
      LOG: consoleLog,
      TIMEOUT: String(Math.min(allowed, LIMIT_SECONDS)),
    },
  });

  const said: Outcome[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of machine.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const outcome = outcomeOf(line);
      if (outcome === undefined) continue;
      said.push(outcome);
      console.log(line.trimEnd());
    }
  }
  const status = await machine.exited;
  const outcomes = settle(names, said, `nothing was heard of it; the machine ended with ${status}`);
  return {
    outcomes,
    explain(): void {
      const failed = outcomes.filter((outcome) => !outcome.passed);
      for (const { name } of failed) {
        console.log(`== log of ${name}\n${tail(join(out, `${name}.log`))}`);
      }
      if (failed.length > 0) console.log(`== console of ${boot.name}\n${tail(consoleLog)}`);
    },
  };
}
