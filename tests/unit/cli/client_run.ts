import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runClient } from "../../../src/cli/run_client.ts";

/** A run of the client within this process, printing to files. */
export class ClientRun implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "etmem-cli-"));
  readonly #stdout = openSync(join(this.#folder, "stdout"), "w");
  readonly #stderr = openSync(join(this.#folder, "stderr"), "w");

  /** Runs `etmem` to its end. @returns its exit status. */
  run(args: readonly string[], giveUpMs = 5000): Promise<number> {
    return runClient(args, { giveUpMs, stdout: this.#stdout, stderr: this.#stderr });
  }

  /** What it has printed so far. */
  get stdout(): string {
    return readFileSync(join(this.#folder, "stdout"), "utf8");
  }

  get stderr(): string {
    return readFileSync(join(this.#folder, "stderr"), "utf8");
  }

  [Symbol.dispose](): void {
    closeSync(this.#stdout);
    closeSync(this.#stderr);
    rmSync(this.#folder, { recursive: true });
  }
}

/** Runs `etmem` to its end and tells what came of it. */
export async function runToEnd(
  args: readonly string[],
  giveUpMs?: number,
): Promise<{ status: number; stdout: string; stderr: string }> {
  using client = new ClientRun();
  const status = await client.run(args, giveUpMs);
  return { status, stdout: client.stdout, stderr: client.stderr };
}

/** Waits until a condition holds; the test's own timeout ends a wait in vain. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(1);
}
