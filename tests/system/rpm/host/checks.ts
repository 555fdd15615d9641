import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Built, Check } from "./check.ts";
import { run } from "./command.ts";
import { notProvided } from "./provided.ts";

function demandEqual(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what} is ${found}, expected ${expected}`);
}

/** What rpm, strip and their like do to files has not touched the executable, and it runs. */
const executable: Check = {
  name: "executable_is_as_it_was_built",
  run({ folder, root }) {
    const log = readFileSync(join(folder, "build-1.log"), "utf8");
    const built = /^([0-9a-f]{64}) {2}dist\/etmem$/m.exec(log)?.[1] ?? "not in the log of rpmbuild";
    const path = join(root, "usr/bin/etmem");
    const installed = createHash("sha256").update(readFileSync(path)).digest("hex");
    demandEqual("the sha256 of the installed executable", installed, built);
    for (const name of ["etmem", "etmemd"]) {
      const help = run(join(root, "usr/bin", name), "--help");
      if (!help.includes("--socket")) throw new Error(`${name} --help says: ${help}`);
    }
  },
};

/** Modes of files that are not to be read by all, and the files that others make. */
const files: Check = {
  name: "files_are_where_they_belong",
  run({ root }) {
    const demandMode = (path: string, mode: string): void => {
      const { mode: found, uid, gid } = lstatSync(join(root, path));
      demandEqual(path, `${(found & 0o7777).toString(8)} ${uid}:${gid}`, `${mode} 0:0`);
    };
    for (const conf of run("find", join(root, "etc/etmem"), "-type", "f").trim().split("\n")) {
      demandMode(conf.slice(root.length + 1), "600");
    }
    for (const folder of ["etc/etmem", "etc/etmem/conf.d"]) demandMode(folder, "755");
    demandMode("usr/bin/etmem", "755");
    for (
      const page of ["man1/etmem.1", "man3/etmem-engine.3", "man5/etmem.conf.5", "man8/etmemd.8"]
    ) {
      if (!existsSync(join(root, `usr/share/man/${page}.gz`))) {
        throw new Error(`there is no ${page}`);
      }
    }
    const completions = join(root, "usr/share/bash-completion/completions");
    run("bash", "-n", join(completions, "etmem"));
    demandEqual(
      "etmemd's completion",
      readFileSync(join(completions, "etmemd"), "utf8"),
      readFileSync(join(completions, "etmem"), "utf8"),
    );
    const zsh = readFileSync(join(root, "usr/share/zsh/site-functions/_etmem"), "utf8");
    if (!/^#compdef .*\betmemd\b/.test(zsh)) throw new Error("_etmem does not complete etmemd");
  },
};

/**
 * Whatever the packages need, they bring themselves,
 * or each release of openEuler that is supported has it.
 */
const requirements: Check = {
  name: "requirements_are_provided_by_openeuler",
  run({ rpms }) {
    const ask = (what: string): string[] =>
      (rpms.get(1) ?? []).flatMap((rpm) => run("rpm", "-qp", what, rpm).trim().split("\n"));
    const own = new Set(ask("--provides"));
    const needed = [...new Set(ask("--requires"))].filter((one) => !own.has(one));
    if (!needed.some((one) => one.startsWith("libc.so.6("))) {
      throw new Error(`rpm has not found what the executable needs, but ${needed.join(", ")}`);
    }
    const unknown = notProvided(needed);
    if (unknown.length > 0) {
      throw new Error(`packaging/openeuler-provides.txt does not have ${unknown.join(", ")}`);
    }
  },
};

/** Tarballs of the same commit are the same. */
const sources: Check = {
  name: "sources_are_reproducible",
  run({ folder }: Built) {
    const [first, second] = [1, 2].map((n) =>
      readFileSync(join(folder, `sources-${n}.sha256`), "utf8")
    );
    demandEqual("the digest of the sources built again", String(second), String(first));
  },
};

const lint: Check = {
  name: "rpmlint_finds_nothing",
  run({ rpms }) {
    const top = join(import.meta.dir, "../../../..");
    const rc = join(top, "packaging/etmem.rpmlintrc");
    const said = run("rpmlint", "-r", rc, ...(rpms.get(1) ?? []), join(top, "dist/etmem.spec"));
    if (!/ 0 errors, 0 warnings,/.test(said)) throw new Error(said);
  },
};

export const CHECKS: readonly Check[] = [sources, executable, files, requirements, lint];
