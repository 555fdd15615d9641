/**
 * What is logged of all that failed at a process: the first, and how many more there are. One cause fails again and
 * again, with each batch of pages.
 * @returns undefined when nothing failed.
 */
export function errorLine([first, ...others]: readonly string[]): string | undefined {
  if (first === undefined || others.length === 0) return first;
  return `${first} (and ${others.length} more)`;
}
