/** The oldest C library that we promise to run on. */
export const OLDEST_GLIBC = "2.17";

/** Compares versions such as 2.2.5 and 2.17, for sort(). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The versions of glibc's symbols that an executable or library asks the dynamic loader for, oldest
 * first: section .gnu.version_r, by readelf(1). For those of weak symbols the loader only warns.
 */
export function glibcNeeds(path: string): string[] {
  const run = Bun.spawnSync(["readelf", "-W", "--version-info", path], {
    env: { ...process.env, LC_ALL: "C" },
  });
  if (!run.success) throw new Error(`Cannot read "${path}": ${run.stderr.toString().trim()}`);
  const needs = run.stdout.toString().split("Version needs section")[1] ?? "";
  const versions = [...needs.matchAll(/Name: GLIBC_([\d.]+)/g)].map((match) => match[1] ?? "");
  return [...new Set(versions)].sort(compareVersions);
}
