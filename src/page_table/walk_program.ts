/*
 * SPDX-License-Identifier: MulanPSL-2.0 OR MIT OR GPL-2.0-only
 * The kernel lets only programs read its memory that may be used under the GPL.
 */

import { BpfAssembler } from "./bpf_assembler.ts";
import type { KernelOffsets } from "./kernel_facts.ts";
import { TABLE_ENTRIES, type TableForm } from "./page_table_layout.ts";
import { MOST_SLOTS } from "./page_table_slots.ts";
import { HEAD, levelShift, TABLE_BYTES, WALK, WALK_STATE } from "./walk_memory.ts";

/**
 * How the program goes from table to table: by a function that bpf_loop calls (Linux 5.17), or by a
 * loop of which the verifier follows each turn (Linux 5.3).
 */
export type LoopKind = "bpf_loop" | "bounded";

/** Steps of one run: most fill a slot, and one that finds a hole passes over it. */
const STEPS: Record<LoopKind, number> = { bpf_loop: 4 * MOST_SLOTS, bounded: MOST_SLOTS / 2 };

/** The label of the function that bpf_loop calls. */
export const STEP_FUNCTION = "step function";

/** Where a value lies on the stack of the program. */
const STACK = { value: -8, turn: -16 } as const;

/** log2 of the bytes of a head, and of a table. */
const HEAD_SHIFT = Math.log2(HEAD.sizeBytes);
const TABLE_BYTES_SHIFT = Math.log2(TABLE_BYTES);

/** How a program is put together. */
export interface WalkProgramOptions {
  readonly loop: LoopKind;
  /** What it answers to the kernel in the end: 1 ends an iteration. */
  readonly result: 0 | 1;
  readonly valueFd: number;
  readonly offsets: KernelOffsets;
  readonly form: TableForm;
}

/**
 * The program that walks page tables. It finds the address space by a descriptor of the thread that
 * runs it, and goes through the tables from the top, reading all memory by bpf_probe_read_kernel():
 * that fails where nothing is, and does not fault. It writes to the shared value only. Tables of
 * level 1 it copies whole; tables of base pages go into slots, and after each copy it looks whether
 * the entry that led there is still the same.
 */
export class WalkProgram {
  readonly #options: WalkProgramOptions;
  readonly #asm = new BpfAssembler();

  constructor(options: WalkProgramOptions) {
    this.#options = options;
  }

  /** @returns the finished program. */
  assemble(): BpfAssembler {
    const asm = this.#asm;
    const { loop, result } = this.#options;
    this.#findTopTable();
    if (loop === "bpf_loop") this.#callLoop();
    else this.#boundedLoop();
    this.#askForUsers();
    asm.label("out").alu("mov", "r0", result).exit();
    if (loop === "bpf_loop") this.#stepFunction();
    return asm;
  }

  /** r6 = the shared value. r7 and r8 are used. */
  #findTopTable(): void {
    const asm = this.#asm;
    const { valueFd, offsets } = this.#options;
    asm.mapValue("r6", valueFd).store("u32", "r6", WALK.state, WALK_STATE.noFile);
    asm.call("get_current_task").alu("mov", "r7", "r0");
    this.#follow(offsets.files, "out");
    this.#follow(offsets.fdTable, "out");
    this.#follow(offsets.descriptors, "out");
    asm.load("u32", "r1", "r6", WALK.pagemapFd).alu("leftShift", "r1", 3).alu("add", "r7", "r1");
    this.#follow(0, "out");
    this.#follow(offsets.privateData, "out");
    asm.store("u64", "r6", WALK.addressSpace, "r7");
    asm.store("u32", "r6", WALK.state, WALK_STATE.gone);
    this.#readValue("u32", offsets.users, "out");
    asm.jumpIf("r8", "equal", 0, "out");
    this.#follow(offsets.topTable, "out");
    asm.store("u64", "r6", WALK.topTable, "r7");
    asm.store("u32", "r6", WALK.state, WALK_STATE.read);
  }

  /** What was read may be anything when the last process has ended meanwhile. */
  #askForUsers(): void {
    const asm = this.#asm;
    asm.load("u64", "r7", "r6", WALK.addressSpace);
    this.#readValue("u32", this.#options.offsets.users, "out");
    asm.jumpIf("r8", "notEqual", 0, "out");
    asm.store("u32", "r6", WALK.state, WALK_STATE.gone);
  }

  /** r8 = the value at r7 + offset. */
  #readValue(size: "u32" | "u64", offset: number, failed: string): void {
    const asm = this.#asm;
    asm.store("u64", "fp", STACK.value, 0);
    asm.alu("mov", "r1", "fp").alu("add", "r1", STACK.value);
    asm.alu("mov", "r2", size === "u64" ? 8 : 4);
    asm.alu("mov", "r3", "r7").alu("add", "r3", offset);
    asm.call("probe_read_kernel").jumpIf("r0", "notEqual", 0, failed);
    asm.load("u64", "r8", "fp", STACK.value);
  }

  /** r7 = the pointer at r7 + offset. */
  #follow(offset: number, failed: string): void {
    this.#readValue("u64", offset, failed);
    this.#asm.jumpIf("r8", "equal", 0, failed).alu("mov", "r7", "r8");
  }

  #callLoop(): void {
    const asm = this.#asm;
    asm.alu("mov", "r1", STEPS.bpf_loop).functionAddress("r2", STEP_FUNCTION);
    asm.alu("mov", "r3", 0).alu("mov", "r4", 0).call("loop");
  }

  #stepFunction(): void {
    const asm = this.#asm;
    asm.label(STEP_FUNCTION).mapValue("r6", this.#options.valueFd);
    this.#step();
    asm.label("next step").alu("mov", "r0", 0).exit();
    asm.label("end of steps").alu("mov", "r0", 1).exit();
  }

  #boundedLoop(): void {
    const asm = this.#asm;
    asm.store("u64", "fp", STACK.turn, 0).label("turn");
    this.#step();
    asm.label("next step").load("u64", "r1", "fp", STACK.turn).alu("add", "r1", 1);
    asm.store("u64", "fp", STACK.turn, "r1").jumpIf("r1", "below", STEPS.bounded, "turn");
    asm.label("end of steps");
  }

  /** One step: goes to "next step", or to "end of steps" when there is nothing to do. r6 stays. */
  #step(): void {
    const asm = this.#asm;
    asm.load("u64", "r1", "r6", WALK.position).load("u64", "r2", "r6", WALK.end);
    asm.jumpIf("r1", "atLeast", "r2", "end of steps");
    asm.load("u32", "r2", "r6", WALK.slots).jumpIf("r2", "atLeast", MOST_SLOTS, "end of steps");
    asm.alu("rightShift", "r1", levelShift(2)).load("u64", "r2", "r6", WALK.window);
    asm.jumpIf("r1", "equal", "r2", "entry");
    this.#openWindow();
    this.#takeEntry();
    this.#skips();
  }

  /** Copies the table of level 1 for the position. */
  #openWindow(): void {
    const asm = this.#asm;
    asm.load("u64", "r7", "r6", WALK.topTable).load("u32", "r1", "r6", WALK.levels);
    asm.jumpIf("r1", "equal", 4, "level 3").jumpIf("r1", "equal", 3, "level 2");
    for (const level of [4, 3, 2]) this.#descend(level);
    asm.alu("mov", "r1", "r6").alu("add", "r1", WALK.windowEntries).alu("mov", "r2", TABLE_BYTES);
    asm.alu("mov", "r3", "r7").call("probe_read_kernel").jumpIf("r0", "notEqual", 0, "skip 2");
    asm.store("u64", "r6", WALK.windowTable, "r7");
    asm.load("u64", "r1", "r6", WALK.position).alu("rightShift", "r1", levelShift(2));
    asm.store("u64", "r6", WALK.window, "r1");
  }

  /** r7 = the table that r7's entry for the position names. */
  #descend(level: number): void {
    const asm = this.#asm;
    asm.label(`level ${level}`).load("u64", "r1", "r6", WALK.position);
    this.#entryOffset("r1", level);
    asm.alu("add", "r7", "r1");
    this.#readValue("u64", 0, `skip ${level}`);
    this.#jumpUnlessTable(level === 2 ? "leaf 2" : `skip ${level}`);
    asm.load("u64", "r7", "r6", WALK.addressMask).alu("and", "r7", "r8");
    asm.load("u64", "r1", "r6", WALK.directMap).alu("add", "r7", "r1");
  }

  /** From an address to where its entry lies in a table, in bytes. */
  #entryOffset(register: "r1" | "r7", level: number): void {
    this.#asm.alu("rightShift", register, levelShift(level))
      .alu("and", register, TABLE_ENTRIES - 1)
      .alu("leftShift", register, 3);
  }

  /** @param label where to go when r8 is an entry that names no table. */
  #jumpUnlessTable(label: string): void {
    const { tableMask, tableValue } = this.#options.form;
    this.#asm.alu("mov", "r1", "r8").alu("and", "r1", tableMask)
      .jumpIf("r1", "notEqual", tableValue, label);
  }

  /** r7 = offset of the entry of level 1, r8 = the entry, r9 = the address of the slot's head. */
  #takeEntry(): void {
    const asm = this.#asm;
    asm.label("entry").load("u64", "r7", "r6", WALK.position);
    this.#entryOffset("r7", 1);
    asm.alu("mov", "r1", "r6").alu("add", "r1", "r7").load("u64", "r8", "r1", WALK.windowEntries);
    asm.jumpIf("r8", "equal", 0, "skip 1");
    this.#jumpUnlessTable("leaf 1");
    this.#copyTable();
    this.#compareEntry();
    this.#finishHead(0);
    asm.jump("skip 1");
    for (const level of [1, 2]) this.#takeLeaf(level);
  }

  #copyTable(): void {
    const asm = this.#asm;
    this.#slotAddress("r1");
    asm.alu("mov", "r2", TABLE_BYTES);
    asm.load("u64", "r3", "r6", WALK.addressMask).alu("and", "r3", "r8");
    asm.load("u64", "r4", "r6", WALK.directMap).alu("add", "r3", "r4");
    asm.call("probe_read_kernel").alu("mov", "r9", "r0");
  }

  /** r9 = 0 when the table was copied and its entry is the same, else another number. */
  #compareEntry(): void {
    const asm = this.#asm;
    asm.jumpIf("r9", "notEqual", 0, "compared").alu("mov", "r9", 1);
    asm.alu("mov", "r1", "fp").alu("add", "r1", STACK.value).alu("mov", "r2", 8);
    asm.load("u64", "r3", "r6", WALK.windowTable).alu("add", "r3", "r7");
    asm.call("probe_read_kernel").jumpIf("r0", "notEqual", 0, "compared");
    asm.load("u64", "r1", "fp", STACK.value).jumpIf("r1", "notEqual", "r8", "compared");
    asm.alu("mov", "r9", 0).label("compared");
  }

  /** register = address of the next slot's first entry. */
  #slotAddress(register: "r1"): void {
    this.#asm.load("u32", register, "r6", WALK.slots).alu("and", register, MOST_SLOTS - 1)
      .alu("leftShift", register, TABLE_BYTES_SHIFT)
      .alu("add", register, "r6").alu("add", register, WALK.tables);
  }

  /** Hands over r8, an entry that names no table. Upper levels may come here with an empty one. */
  #takeLeaf(level: number): void {
    const asm = this.#asm;
    asm.label(`leaf ${level}`).jumpIf("r8", "equal", 0, `skip ${level}`);
    this.#slotAddress("r1");
    asm.store("u64", "r1", 0, "r8").alu("mov", "r9", 0);
    this.#finishHead(level);
    asm.jump(`skip ${level}`);
  }

  /** Fills the head of the next slot, r9 says whether it has changed, and counts it. */
  #finishHead(level: number): void {
    const asm = this.#asm;
    asm.load("u32", "r1", "r6", WALK.slots).alu("mov", "r2", "r1");
    asm.alu("and", "r2", MOST_SLOTS - 1).alu("leftShift", "r2", HEAD_SHIFT);
    asm.alu("add", "r2", "r6").load("u64", "r3", "r6", WALK.position);
    asm.store("u64", "r2", WALK.heads + HEAD.address, "r3");
    asm.store("u32", "r2", WALK.heads + HEAD.level, level);
    asm.store("u32", "r2", WALK.heads + HEAD.changed, "r9");
    asm.alu("add", "r1", 1).store("u32", "r6", WALK.slots, "r1");
  }

  /** Puts the position behind the entry of a level that it is in. */
  #skips(): void {
    const asm = this.#asm;
    for (const level of [1, 2, 3, 4]) {
      asm.label(`skip ${level}`).load("u64", "r1", "r6", WALK.position);
      asm.alu("rightShift", "r1", levelShift(level)).alu("add", "r1", 1);
      asm.alu("leftShift", "r1", levelShift(level)).store("u64", "r6", WALK.position, "r1");
      asm.jump("next step");
    }
  }
}
