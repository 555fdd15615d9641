import { CMemory, viewAt } from "./c_memory.ts";

/** Types of C members, LP64 and little-endian: that of x86_64 and aarch64 Linux. */
type MemberType = "i32" | "u32" | "u64" | "f32" | "bool" | "pointer";

/** Where a member of a C struct lies, and what it is. */
export interface Member {
  readonly offset: number;
  readonly type: MemberType;
}

type Members = Readonly<Record<string, Member>>;

type ValueOf<T extends MemberType> = T extends "u64" ? bigint
  : T extends "bool" ? boolean
  : number;

/** The values of a struct's members: addresses are numbers, 0 is NULL. */
export type Values<M extends Members> = { -readonly [N in keyof M]: ValueOf<M[N]["type"]> };

/** A C struct: its size and its members. */
export class StructLayout<M extends Members> {
  readonly sizeBytes: number;
  readonly members: M;

  constructor(sizeBytes: number, members: M) {
    this.sizeBytes = sizeBytes;
    this.members = members;
  }

  /** A new one, all zero. @throws {RangeError} when there is no memory. */
  allocate(values: Partial<Values<M>>): CStruct<M> {
    const struct = new CStruct(this);
    struct.write(values);
    return struct;
  }

  /** Sets members of the struct that a view begins with; the others stay. */
  write(view: DataView, values: Partial<Values<M>>): void {
    for (const [name, { offset, type }] of Object.entries(this.members)) {
      const value = values[name];
      if (value !== undefined) writeMember(view, offset, type, value);
    }
  }

  /** One member of the struct that a view begins with. */
  read<N extends keyof M>(view: DataView, name: N): Values<M>[N] {
    const { offset, type } = this.members[name] as Member;
    return readMember(view, offset, type) as Values<M>[N];
  }

  /** One member of the struct at an address. */
  readAt<N extends keyof M>(address: number, name: N): Values<M>[N] {
    return this.read(viewAt(address, this.sizeBytes), name);
  }

  /** Sets members of the struct at an address. */
  writeAt(address: number, values: Partial<Values<M>>): void {
    this.write(viewAt(address, this.sizeBytes), values);
  }
}

/** A struct of ours in the C heap. */
export class CStruct<M extends Members> implements Disposable {
  readonly #layout: StructLayout<M>;
  readonly #memory: CMemory;

  /** All zero. @throws {RangeError} when there is no memory. */
  constructor(layout: StructLayout<M>) {
    this.#layout = layout;
    this.#memory = new CMemory(layout.sizeBytes);
  }

  get address(): number {
    return this.#memory.address;
  }

  /** Sets members; the others stay. */
  write(values: Partial<Values<M>>): void {
    this.#layout.write(this.#memory.view(), values);
  }

  read<N extends keyof M>(name: N): Values<M>[N] {
    return this.#layout.read(this.#memory.view(), name);
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}

function writeMember(
  view: DataView,
  offset: number,
  type: MemberType,
  value: number | bigint | boolean,
): void {
  switch (type) {
    case "i32":
      return view.setInt32(offset, Number(value), true);
    case "u32":
      return view.setUint32(offset, Number(value), true);
    case "f32":
      return view.setFloat32(offset, Number(value), true);
    case "bool":
      return view.setUint8(offset, value ? 1 : 0);
    case "u64":
    case "pointer":
      return view.setBigUint64(offset, BigInt(value), true);
  }
}

function readMember(view: DataView, offset: number, type: MemberType): number | bigint | boolean {
  switch (type) {
    case "i32":
      return view.getInt32(offset, true);
    case "u32":
      return view.getUint32(offset, true);
    case "f32":
      return view.getFloat32(offset, true);
    case "bool":
      return view.getUint8(offset) !== 0;
    case "u64":
      return view.getBigUint64(offset, true);
    case "pointer":
      return Number(view.getBigUint64(offset, true));
  }
}
