/** Registers: r1 to r5 are arguments, r6 to r9 survive calls, fp is the frame, read only. */
export const R = { r0: 0, r1: 1, r2: 2, r3: 3, r4: 4, r5: 5, r6: 6, r7: 7, r8: 8, r9: 9, fp: 10 };

/** Helper functions of the kernel (include/uapi/linux/bpf.h). */
export const BPF_FUNC = {
  get_current_task: 35,
  probe_read_kernel: 113,
  loop: 181,
} as const;

/** Classes, sizes, modes and operations (include/uapi/linux/bpf_common.h and bpf.h). */
const BPF_LDX_MEM = 0x61;
const BPF_ST_MEM = 0x62;
const BPF_STX_MEM = 0x63;
const BPF_LD_IMM64 = 0x18;
const BPF_ALU64_K = 0x07;
const BPF_JMP_K = 0x05;
const BPF_X = 0x08;
const BPF_CALL = 0x85;
const BPF_EXIT = 0x95;
const BPF_JA = 0x05;
/** What the source register of BPF_LD_IMM64 says of its number. */
const BPF_PSEUDO_MAP_VALUE = 2;
const BPF_PSEUDO_FUNC = 4;

const SIZES = { u64: 0x18, u32: 0x00 } as const;
const OPERATIONS = { add: 0x00, and: 0x50, leftShift: 0x60, rightShift: 0x70, mov: 0xb0 } as const;
const CONDITIONS = { equal: 0x10, atLeast: 0x30, notEqual: 0x50, below: 0xa0 } as const;

const INSTRUCTION_BYTES = 8;

type Size = keyof typeof SIZES;
type Operation = keyof typeof OPERATIONS;
type Condition = keyof typeof CONDITIONS;

/** What an operation or a condition takes: a register by name, or a number of 32 bits, signed. */
export type Operand = number | keyof typeof R;

interface Instruction {
  readonly code: number;
  readonly dst?: number;
  readonly src?: number;
  offset?: number;
  imm?: number;
}

/** The place of an instruction whose offset, or number, is the way to a label. */
interface Reference {
  readonly at: number;
  readonly label: string;
  readonly field: "offset" | "imm";
}

/**
 * Puts BPF instructions together (Documentation/bpf/standardization/instruction-set.rst). Values
 * have 64 bits and are unsigned; labels may be used before they are placed.
 */
export class BpfAssembler {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();
  readonly #references: Reference[] = [];

  /** dst = dst OPERATION operand; `mov` sets it. Numbers are extended with their sign. */
  alu(operation: Operation, dst: keyof typeof R, operand: Operand): this {
    return this.#add(withOperand(BPF_ALU64_K | OPERATIONS[operation], dst, operand));
  }

  /** dst = *(size *) (base + offset) */
  load(size: Size, dst: keyof typeof R, base: keyof typeof R, offset: number): this {
    return this.#add({ code: BPF_LDX_MEM | SIZES[size], dst: R[dst], src: R[base], offset });
  }

  /** *(size *) (base + offset) = operand */
  store(size: Size, base: keyof typeof R, offset: number, operand: Operand): this {
    const dst = R[base];
    return this.#add(
      typeof operand === "number"
        ? { code: BPF_ST_MEM | SIZES[size], dst, offset, imm: operand }
        : { code: BPF_STX_MEM | SIZES[size], dst, src: R[operand], offset },
    );
  }

  /** dst = address of a byte of the one value of a map. */
  mapValue(dst: keyof typeof R, mapFd: number, offset = 0): this {
    return this.#wide({ dst: R[dst], src: BPF_PSEUDO_MAP_VALUE, imm: mapFd }, offset);
  }

  /** dst = address of the function at a label, for a helper that calls back. */
  functionAddress(dst: keyof typeof R, label: string): this {
    this.#references.push({ at: this.position, label, field: "imm" });
    return this.#wide({ dst: R[dst], src: BPF_PSEUDO_FUNC }, 0);
  }

  /** Calls a helper: arguments in r1 to r5, result in r0; r1 to r5 are lost. */
  call(helper: keyof typeof BPF_FUNC): this {
    return this.#add({ code: BPF_CALL, imm: BPF_FUNC[helper] });
  }

  jump(label: string): this {
    return this.#jump({ code: BPF_JA }, label);
  }

  jumpIf(register: keyof typeof R, condition: Condition, operand: Operand, label: string): this {
    return this.#jump(withOperand(BPF_JMP_K | CONDITIONS[condition], register, operand), label);
  }

  exit(): this {
    return this.#add({ code: BPF_EXIT });
  }

  /** Places a label at the next instruction. @throws {RangeError} when it is placed already. */
  label(name: string): this {
    if (this.#labels.has(name)) throw new RangeError(`Cannot place label "${name}": placed twice`);
    this.#labels.set(name, this.position);
    return this;
  }

  /** The number of the next instruction. */
  get position(): number {
    return this.#instructions.length;
  }

  /** The number of the instruction at a label. @throws {RangeError} when there is none. */
  positionOf(label: string): number {
    const position = this.#labels.get(label);
    if (position === undefined) throw new RangeError(`Cannot find label "${label}": not placed`);
    return position;
  }

  /** @returns 8 bytes an instruction. @throws {RangeError} when a label is missing or too far. */
  encode(): Uint8Array {
    for (const { at, label, field } of this.#references) {
      this.#instructions[at]![field] = this.positionOf(label) - at - 1;
    }
    const bytes = new Uint8Array(INSTRUCTION_BYTES * this.position);
    const view = new DataView(bytes.buffer);
    this.#instructions.forEach(({ code, dst = 0, src = 0, offset = 0, imm = 0 }, index) => {
      const at = INSTRUCTION_BYTES * index;
      checkRange("offset", offset, 2 ** 15);
      checkRange("number", imm, 2 ** 31);
      view.setUint8(at, code);
      view.setUint8(at + 1, src << 4 | dst);
      view.setInt16(at + 2, offset, true);
      view.setInt32(at + 4, imm, true);
    });
    return bytes;
  }

  #add(instruction: Instruction): this {
    this.#instructions.push(instruction);
    return this;
  }

  /** An instruction of twice the length, whose second half holds another number. */
  #wide(first: Omit<Instruction, "code">, second: number): this {
    return this.#add({ code: BPF_LD_IMM64, ...first }).#add({ code: 0, imm: second });
  }

  #jump(instruction: Instruction, label: string): this {
    this.#references.push({ at: this.position, label, field: "offset" });
    return this.#add(instruction);
  }
}

function withOperand(code: number, register: keyof typeof R, operand: Operand): Instruction {
  const dst = R[register];
  return typeof operand === "number"
    ? { code, dst, imm: operand }
    : { code: code | BPF_X, dst, src: R[operand] };
}

/** @throws {RangeError} */
function checkRange(what: string, value: number, limit: number): void {
  if (Number.isInteger(value) && value >= -limit && value < limit) return;
  throw new RangeError(`Cannot encode ${what} ${value}: not in [-${limit}, ${limit})`);
}
