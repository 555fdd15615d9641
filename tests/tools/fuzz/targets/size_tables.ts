import { deepStrictEqual } from "node:assert";
import * as fc from "fast-check";
import { parseMemInfo } from "../../../../src/procfs/meminfo.ts";
import { ProcfsError } from "../../../../src/procfs/read_file.ts";
import { pickSizes } from "../../../../src/procfs/size_table.ts";
import { parseMovableRoom } from "../../../../src/procfs/zoneinfo.ts";
import { sampleOf } from "../corpus.ts";
import { type FuzzTarget, tokensOf } from "../fuzz_target.ts";

const NAMES = ["VmRSS", "VmSwap", "MemTotal"] as const;

/** The first line of a name, read by an expression; undefined: it holds no size. */
function sizesByExpression(text: string): number[] | undefined {
  const sizes: number[] = [];
  for (const name of NAMES) {
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name}:`));
    const [, digits] = /^\s*(\d+)(?: kB)?\s*$/.exec(line?.slice(name.length + 1) ?? "0") ?? [];
    const bytes = Number(digits) * 1024;
    if (digits === undefined || !Number.isSafeInteger(bytes)) return undefined;
    sizes.push(bytes);
  }
  return sizes;
}

/** Runs what may say that a file is none. */
function orProcfsError<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProcfsError) return undefined;
    throw error;
  }
}

const line = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES, "Name", "xVmRSS", "Node 0, zone   "), fc.nat(2 ** 40)).map((
    [name, size],
  ) => `${name}:\t${size} kB`),
  fc.constantFrom(
    "Name:\tVmRSS: 1 kB",
    "Node 0, zone   Normal",
    "        high     12811",
    "VmRSS:\t",
    "",
  ),
);

/** Readers of status, meminfo and zoneinfo: sizes as an expression finds them, or a ProcfsError. */
export const SIZE_TABLES: FuzzTarget = {
  name: "size_tables",
  sources: ["src/procfs/size_table.ts", "src/procfs/meminfo.ts", "src/procfs/zoneinfo.ts"],
  inputs: fc.oneof(
    {
      weight: 10,
      arbitrary: fc.array(line, { maxLength: 8 }).map((lines) => Buffer.from(lines.join("\n"))),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...(["status", "meminfo", "zoneinfo"] as const).map(sampleOf),
      ),
    },
  ),
  tokens: tokensOf(
    "\n",
    ":",
    "VmRSS:",
    "VmSwap:",
    "MemTotal:",
    " kB",
    "0",
    "-",
    "9007199254740993",
    "x",
    " high ",
    "        low      20",
    "        managed  9000",
    "  pages free     31",
    "        protection: (0, 40)",
    "Node 1, zone DMA\n",
  ),
  check(input) {
    const text = Buffer.from(input).toString("latin1");
    deepStrictEqual(orProcfsError(() => pickSizes(text, NAMES, "status")), sizesByExpression(text));
    orProcfsError(() => parseMemInfo(text));
    for (const room of orProcfsError(() => parseMovableRoom(text))?.values() ?? []) {
      if (!(room.bytes <= room.aboveLowBytes && room.aboveLowBytes >= 0)) {
        throw new Error(
          `room of ${room.bytes} bytes, ${room.aboveLowBytes} above the low watermark`,
        );
      }
    }
  },
};
