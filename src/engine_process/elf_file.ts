import { pread } from "../../ffi/libc.ts";
import { RequestRefusal } from "./messages.ts";

/** Of elf.h and elf(5): offsets are those of the 64-bit structs. */
const HEADER_BYTES = 64;
const MAGIC = 0x464c457f;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ET_DYN = 3;
const PHDR_BYTES = 56;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NULL = 0;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_NEEDED = 1;
/** More than any real library has, so that a broken one costs little. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;

const MACHINES: Readonly<Record<number, string>> = {
  3: "i386",
  8: "mips",
  20: "ppc",
  21: "ppc64",
  22: "s390",
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: "riscv",
  258: "loongarch",
};

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly sizeBytes: number;
}

/** What is read of a library before it is loaded. */
export interface ElfFile {
  /** e_machine. */
  readonly machine: number;
  /** It looks for other libraries relative to its own place. */
  readonly usesOrigin: boolean;
}

/** What e_machine is called. */
export function machineName(machine: number): string {
  return MACHINES[machine] ?? `machine ${machine}`;
}

function readAt(fd: number, offset: number, sizeBytes: number): DataView {
  const bytes = new Uint8Array(Math.min(sizeBytes, MAX_TABLE_BYTES));
  const count = pread(fd, bytes, bytes.length, offset);
  if (count < bytes.length) throw new RequestRefusal("it is cut short");
  return new DataView(bytes.buffer);
}

/** A number of 64 bits that is a place or a size in a file. */
function word(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

function segmentsOf(fd: number, header: DataView): Segment[] {
  const count = header.getUint16(56, true);
  if (count === 0 || header.getUint16(54, true) !== PHDR_BYTES) {
    throw new RequestRefusal("it has no program headers");
  }
  const table = readAt(fd, word(header, 32), count * PHDR_BYTES);
  return Array.from({ length: count }, (_, i) => {
    const at = i * PHDR_BYTES;
    return {
      type: table.getUint32(at, true),
      offset: word(table, at + 8),
      address: word(table, at + 16),
      sizeBytes: word(table, at + 32),
    };
  });
}

/** Whether DT_NEEDED, DT_RPATH or DT_RUNPATH have $ORIGIN in them. */
function usesOrigin(fd: number, segments: readonly Segment[]): boolean {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) throw new RequestRefusal("it is no shared library");
  const table = readAt(fd, dynamic.offset, dynamic.sizeBytes);
  const names: number[] = [];
  let strings = 0;
  let stringBytes = 0;
  for (let at = 0; at + 16 <= table.byteLength; at += 16) {
    const tag = word(table, at);
    const value = word(table, at + 8);
    if (tag === DT_NULL) break;
    if (tag === DT_STRTAB) strings = value;
    else if (tag === DT_STRSZ) stringBytes = value;
    else if (tag === DT_RPATH || tag === DT_RUNPATH || tag === DT_NEEDED) names.push(value);
  }
  const home = segments.find(({ type, address, sizeBytes }) =>
    type === PT_LOAD && address <= strings && strings < address + sizeBytes
  );
  if (home === undefined) throw new RequestRefusal("its string table is nowhere");
  const text = new Uint8Array(
    readAt(fd, home.offset + strings - home.address, stringBytes).buffer,
  );
  return names.some((name) => {
    const string = text.subarray(name, text.indexOf(0, name));
    return /\$(?:ORIGIN|\{ORIGIN\})/.test(Buffer.from(string).toString("latin1"));
  });
}

/**
 * Reads which machine a shared library is built for: the dynamic linker does not say it well.
 * @throws {RequestRefusal} when it is none, or not of 64 bits. @throws {SystemCallError}
 */
export function readElfFile(fd: number): ElfFile {
  const bytes = new Uint8Array(HEADER_BYTES);
  const header = new DataView(bytes.buffer);
  if (pread(fd, bytes, HEADER_BYTES, 0) < HEADER_BYTES || header.getUint32(0, true) !== MAGIC) {
    throw new RequestRefusal("it is no ELF file");
  }
  if (header.getUint8(4) !== ELFCLASS64 || header.getUint8(5) !== ELFDATA2LSB) {
    throw new RequestRefusal("it is not built for 64 bits, little-endian");
  }
  const machine = header.getUint16(18, true);
  if (header.getUint16(16, true) !== ET_DYN) throw new RequestRefusal("it is no shared library");
  return { machine, usesOrigin: usesOrigin(fd, segmentsOf(fd, header)) };
}

/** e_machine of the program that runs. @throws {SystemCallError | RequestRefusal} */
export function machineOf(fd: number): number {
  return readAt(fd, 0, HEADER_BYTES).getUint16(18, true);
}
