/** What was given is not BTF, or not whole. */
export class BtfError extends Error {
  override readonly name = "BtfError";
}

/** struct btf_header (Documentation/bpf/btf.rst), in bytes. */
const HEADER = { hdr_len: 4, type_off: 8, type_len: 12, str_off: 16, str_len: 20, sizeBytes: 24 };
const MAGIC_AND_VERSION = 0x01_eb9f;

/** Words of struct btf_type: name, info, and size or type. */
const TYPE_WORDS = 3;

/** Kinds that are looked for. */
const STRUCT = 4;
const UNION = 5;
const FUNC = 12;

/** Words that follow a type of each kind: a fixed number, and some for each of its members. */
const EXTRA_WORDS: readonly (readonly [fixed: number, each: number])[] = [
  [0, 0], // void, which no type is
  [1, 0], // INT
  [0, 0], // PTR
  [3, 0], // ARRAY
  [0, 3], // STRUCT
  [0, 3], // UNION
  [0, 2], // ENUM
  [0, 0], // FWD
  [0, 0], // TYPEDEF
  [0, 0], // VOLATILE
  [0, 0], // CONST
  [0, 0], // RESTRICT
  [0, 0], // FUNC
  [0, 2], // FUNC_PROTO
  [1, 0], // VAR
  [0, 3], // DATASEC
  [0, 0], // FLOAT
  [1, 0], // DECL_TAG
  [0, 0], // TYPE_TAG
  [0, 3], // ENUM64
];
const MEMBER_WORDS = 3;

/** Of the bit offset of a member whose struct has bit fields: the upper 8 bits are its width. */
const BIT_OFFSET_MASK = 0xff_ffff;
/** The kernel refuses BTF that nests deeper (MAX_RESOLVE_DEPTH in kernel/bpf/btf.c). */
const DEEPEST = 32;

const kindOf = (info: number): number => (info >>> 24) & 0x1f;
const membersOf = (info: number): number => info & 0xffff;
const hasBitFields = (info: number): boolean => info >>> 31 === 1;

/** A file of BTF, little-endian. Types are looked at in their order, and no further than needed. */
export class BtfFile {
  readonly #types: Uint32Array;
  readonly #strings: Buffer;
  /** Word at which each type begins that was looked at; its id is its index. */
  #starts: Uint32Array = new Uint32Array(1024);
  #known = 1;
  /** Word behind the last type that was looked at. */
  #end = 0;

  /** @throws {BtfError} */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER.sizeBytes) throw new BtfError("Cannot read BTF: no whole header");
    if ((view.getUint32(0, true) & 0xff_ffff) !== MAGIC_AND_VERSION) {
      throw new BtfError("Cannot read BTF: neither little-endian nor of version 1");
    }
    const headerBytes = view.getUint32(HEADER.hdr_len, true);
    const section = (offset: number, length: number): Uint8Array => {
      const from = headerBytes + view.getUint32(offset, true);
      const to = from + view.getUint32(length, true);
      if (to > bytes.length) throw new BtfError(`Cannot read BTF: ends before byte ${to}`);
      return bytes.subarray(from, to);
    };
    const types = section(HEADER.type_off, HEADER.type_len);
    if (types.length % 4 !== 0) throw new BtfError("Cannot read BTF: a type is cut off");
    const isAligned = types.byteOffset % 4 === 0;
    const whole = isAligned ? types : Uint8Array.from(types);
    this.#types = new Uint32Array(whole.buffer, whole.byteOffset, whole.length / 4);
    const strings = section(HEADER.str_off, HEADER.str_len);
    this.#strings = Buffer.from(strings.buffer, strings.byteOffset, strings.length);
  }

  /**
   * Where a member of a struct lies; it may be a member of a struct or union without a name.
   * @returns bytes; undefined when there is no such struct, or no such member of it,
   * or when it is a bit field. @throws {BtfError}
   */
  memberOffset(struct: string, member: string): number | undefined {
    const structNames = this.#placesOf(struct);
    const memberNames = this.#placesOf(member);
    const seen = new Set<number>();
    // Other structs may have the same name, in other parts of the kernel.
    for (let id = 1; (id = this.#find(STRUCT, structNames, id)) > 0; id++) {
      const bits = this.#memberBits(id, memberNames, seen, 0);
      if (bits !== undefined) return bits % 8 === 0 ? bits / 8 : undefined;
    }
    return undefined;
  }

  /** The id of a function. @returns undefined when there is none. @throws {BtfError} */
  functionId(name: string): number | undefined {
    const id = this.#find(FUNC, this.#placesOf(name), 1);
    return id === 0 ? undefined : id;
  }

  /** Places of a name in the strings: types name it by one of them. */
  #placesOf(name: string): ReadonlySet<number> {
    const wanted = Buffer.from(`${name}\0`);
    const strings = this.#strings;
    const places = new Set<number>();
    // It may be the end of another name. The first string is the empty one.
    for (let at = strings.indexOf(wanted, 1); at > 0; at = strings.indexOf(wanted, at + 1)) {
      places.add(at);
    }
    return places;
  }

  /** @returns the first type from an id on that has this kind and name; 0 when there is none. */
  #find(kind: number, names: ReadonlySet<number>, from: number): number {
    const types = this.#types;
    for (let id = from; names.size > 0 && this.#lookAt(id); id++) {
      const start = this.#starts[id]!;
      if (kindOf(types[start + 1]!) === kind && names.has(types[start]!)) return id;
    }
    return 0;
  }

  /**
   * @param seen types that do not have the member; gets this one.
   * @param depth of members without a name that lead here.
   */
  #memberBits(
    id: number,
    wanted: ReadonlySet<number>,
    seen: Set<number>,
    depth: number,
  ): number | undefined {
    if (seen.has(id)) return undefined;
    seen.add(id);
    if (depth > DEEPEST) throw new BtfError(`Cannot read BTF: type ${id} is nested too deeply`);
    const info = this.#info(id);
    const first = this.#starts[id]! + TYPE_WORDS;
    for (let i = 0; i < membersOf(info); i++) {
      const at = first + MEMBER_WORDS * i;
      const name = this.#types[at]!;
      const offset = this.#types[at + 2]!;
      const bits = hasBitFields(info) ? offset & BIT_OFFSET_MASK : offset;
      const isBitField = hasBitFields(info) && offset >>> 24 !== 0;
      if (wanted.has(name)) return isBitField ? undefined : bits;
      if ((this.#strings[name] ?? 1) !== 0 || !this.#hasMembers(this.#types[at + 1]!)) continue;
      const inner = this.#memberBits(this.#types[at + 1]!, wanted, seen, depth + 1);
      if (inner !== undefined) return bits + inner;
    }
    return undefined;
  }

  #hasMembers(id: number): boolean {
    if (id === 0) return false;
    if (!this.#lookAt(id)) throw new BtfError(`Cannot read BTF: there is no type ${id}`);
    const kind = kindOf(this.#info(id));
    return kind === STRUCT || kind === UNION;
  }

  /** @returns false when there is no such type. @throws {BtfError} */
  #lookAt(id: number): boolean {
    while (this.#known <= id) {
      if (this.#end === this.#types.length) return false;
      const info = this.#types[this.#end + 1] ?? 0;
      const extra = EXTRA_WORDS[kindOf(info)];
      if (extra === undefined || kindOf(info) === 0) {
        throw new BtfError(`Cannot read BTF: type ${this.#known} is of unknown kind`);
      }
      const end = this.#end + TYPE_WORDS + extra[0] + extra[1] * membersOf(info);
      if (end > this.#types.length) {
        throw new BtfError(`Cannot read BTF: type ${this.#known} is cut off`);
      }
      this.#remember(this.#end);
      this.#end = end;
    }
    return true;
  }

  #remember(start: number): void {
    if (this.#known === this.#starts.length) {
      const larger = new Uint32Array(2 * this.#starts.length);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[this.#known++] = start;
  }

  #info(id: number): number {
    return this.#types[this.#starts[id]! + 1]!;
  }
}
