import { run } from "./command.ts";

/** Room for another release beside the first, and for the programs of the tests. */
const ROOM_MIB = 1024;

/** Makes an image of a root folder. */
export function makeImage(root: string, image: string): void {
  const sizeMib = Number(run("du", "-sm", root).split("\t")[0]);
  const options = ["-q", "-t", "ext4", "-O", "^has_journal", "-L", "vmroot", "-d", root];
  run("mke2fs", ...options, image, `${Math.ceil(sizeMib * 1.1) + ROOM_MIB}M`);
}
