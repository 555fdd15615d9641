import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** Of elf.h and elf(5): the structs of 64 bits, and where their fields are. */
const EHDR = { bytes: 64, entry: 24, phoff: 32, shoff: 40, phnum: 56, shnum: 60 } as const;
const PHDR = { bytes: 56, offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40 } as const;
const SHDR = { bytes: 64, type: 4, addr: 16, offset: 24, size: 32, addralign: 48 } as const;
const SHT_NOBITS = 8;
/** The smallest there is: a segment begins in the middle of one. */
const PAGE_BYTES = 4096;

/** An open executable of 64 bits, little-endian. */
class Executable implements Disposable {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, "r+");
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  read(offset: number, sizeBytes: number): DataView {
    const bytes = new Uint8Array(sizeBytes);
    const count = readSync(this.#fd, bytes, 0, sizeBytes, offset);
    if (count < sizeBytes) throw new Error("it is cut short");
    return new DataView(bytes.buffer);
  }

  write(offset: number, bytes: Uint8Array): void {
    writeSync(this.#fd, bytes, 0, bytes.length, offset);
  }

  /** Adds to a field of 64 bits. */
  add(offset: number, change: number): void {
    const field = this.read(offset, 8);
    field.setBigUint64(0, field.getBigUint64(0, true) + BigInt(change), true);
    this.write(offset, new Uint8Array(field.buffer));
  }
}

function word(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

/** An entry of the table of segments or of sections. */
interface Entry {
  /** Of the entry, in the file. */
  readonly at: number;
  /** In memory. */
  readonly address: number;
  /** What it holds, in the file. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** What its address has to be a multiple of. */
  readonly align: number;
}

function segmentsOf(file: Executable, header: DataView): Entry[] {
  const phoff = word(header, EHDR.phoff);
  return Array.from({ length: header.getUint16(EHDR.phnum, true) }, (_, i) => {
    const at = phoff + i * PHDR.bytes;
    const view = file.read(at, PHDR.bytes);
    return {
      at,
      address: word(view, PHDR.vaddr),
      offset: word(view, PHDR.offset),
      sizeBytes: word(view, PHDR.filesz),
      align: 1,
    };
  });
}

function sectionsOf(file: Executable, header: DataView): Entry[] {
  const shoff = word(header, EHDR.shoff);
  return Array.from({ length: header.getUint16(EHDR.shnum, true) }, (_, i) => {
    const at = shoff + i * SHDR.bytes;
    const view = file.read(at, SHDR.bytes);
    return {
      at,
      address: word(view, SHDR.addr),
      offset: word(view, SHDR.offset),
      sizeBytes: view.getUint32(SHDR.type, true) === SHT_NOBITS ? 0 : word(view, SHDR.size),
      align: word(view, SHDR.addralign),
    };
  });
}

/** Whether bytes of the file belong to nothing. */
function isFree(
  file: Executable,
  entries: readonly Entry[],
  offset: number,
  sizeBytes: number,
): boolean {
  const isOwned = entries.some((entry) =>
    entry.offset < offset + sizeBytes && offset < entry.offset + entry.sizeBytes
  );
  return !isOwned && new Uint8Array(file.read(offset, sizeBytes).buffer).every((b) => b === 0);
}

/**
 * Has an executable begin with other code, which stands right before its first instruction: where
 * that is also the first of its section and its segment, both begin a little earlier then, in
 * padding of the file that is in memory anyway. Nothing else moves, and what tools read of the
 * file stays consistent.
 * @param path an executable for 64 bits, little-endian, as the runtime's are.
 * @throws {Error} when it is built in another way, or has no room there.
 */
export function putBeforeStart(path: string, code: Uint8Array): void {
  using file = new Executable(path);
  const header = file.read(0, EHDR.bytes);
  const entry = word(header, EHDR.entry);
  const segments = segmentsOf(file, header);
  const sections = sectionsOf(file, header);
  const startsThere = ({ address, sizeBytes }: Entry) => address === entry && sizeBytes > 0;
  const segment = segments.find(startsThere);
  const section = sections.find(startsThere);
  const offset = (segment?.offset ?? 0) - code.length;
  if (
    segment === undefined || section === undefined || offset < 0 ||
    segment.offset % PAGE_BYTES < code.length || code.length % section.align !== 0 ||
    !isFree(file, [...segments, ...sections], offset, code.length)
  ) throw new Error(`Cannot put code before the start of "${path}": there is no room`);
  file.write(offset, code);
  for (const field of [PHDR.offset, PHDR.vaddr, PHDR.paddr]) {
    file.add(segment.at + field, -code.length);
  }
  for (const field of [PHDR.filesz, PHDR.memsz]) file.add(segment.at + field, code.length);
  for (const field of [SHDR.addr, SHDR.offset]) file.add(section.at + field, -code.length);
  file.add(section.at + SHDR.size, code.length);
  file.add(EHDR.entry, -code.length);
}
