import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { trackedFiles } from "../fixtures/tracked_files.ts";
import { ScratchFolder } from "../fixtures/scratch_folder.ts";
import type { Addition, Part } from "./additions.ts";

const TOP = join(import.meta.dir, "../../..");

/** What no check of the source needs, and takes long to copy. */
const LEFT_OUT = /^tests\/(?:vm\/bzImage|tools\/fuzz\/corpus\/)/;

/** How a command ended. */
export interface Outcome {
  readonly success: boolean;
  readonly output: string;
}

/** A copy of the repository to which additions are made and which is then checked. */
export class ProgramCopy implements Disposable {
  readonly #folder = new ScratchFolder();

  constructor() {
    for (const file of trackedFiles(TOP)) {
      if (LEFT_OUT.test(file)) continue;
      mkdirSync(dirname(this.at(file)), { recursive: true });
      cpSync(join(TOP, file), this.at(file), { verbatimSymlinks: true });
    }
    symlinkSync(join(TOP, "node_modules"), this.at("node_modules"));
  }

  /** The path of a file of the copy. */
  at(file: string): string {
    return this.#folder.at(file);
  }

  /** Makes an addition, but for the part that was forgotten. */
  add({ parts }: Addition, forgotten?: Part): void {
    for (const part of parts) {
      if (part === forgotten) continue;
      mkdirSync(dirname(this.at(part.file)), { recursive: true });
      writeFileSync(this.at(part.file), part.edit(this.#read(part.file)));
    }
  }

  /** Takes an addition back, with what was made of it. */
  restore({ parts, documents }: Addition): void {
    for (const file of [...parts.map((part) => part.file), ...documents]) {
      const original = readOr(join(TOP, file));
      if (original === undefined) rmSync(this.at(file), { force: true });
      else writeFileSync(this.at(file), original);
    }
  }

  /** Which documents are not what `npm run docs` makes, or why they cannot be made. */
  staleDocuments(): Outcome {
    return this.bun("packaging/docs/main.ts", "--check");
  }

  /** Runs a program of the copy by this Bun. */
  bun(...args: readonly string[]): Outcome {
    return this.#run([process.execPath, ...args]);
  }

  /** Compiles the program, or what is included. */
  compile(...include: readonly string[]): Outcome {
    const config = this.at("tsconfig.copy.json");
    if (include.length === 0) return this.#tool("tsc", "--noEmit");
    writeFileSync(config, JSON.stringify({ extends: "./tsconfig.json", include }));
    const outcome = this.#tool("tsc", "--noEmit", "-p", config);
    rmSync(config);
    return outcome;
  }

  /** Looks for files and exports that nothing uses. */
  unused(): Outcome {
    return this.#tool("knip", "--no-progress");
  }

  #tool(name: string, ...args: readonly string[]): Outcome {
    return this.#run([join(TOP, "node_modules/.bin", name), ...args]);
  }

  #run(command: readonly string[]): Outcome {
    const { success, stdout, stderr } = Bun.spawnSync([...command], {
      cwd: this.#folder.path,
      stdin: "ignore",
    });
    return { success, output: `${stdout.toString()}${stderr.toString()}` };
  }

  #read(file: string): string {
    return readOr(this.at(file)) ?? "";
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // a new file
  }
}
