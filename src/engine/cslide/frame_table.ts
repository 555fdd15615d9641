const LEAST_SLOTS = 1024;

/**
 * Says which unit of which process has a frame. It keeps millions of frames in typed arrays, by
 * open addressing.
 */
export class FrameTable {
  /** 0 where a slot is free: no unit that is moved has frame 0. */
  #frame: Float64Array;
  #process: Uint32Array;
  #unit: Uint32Array;
  #count = 0;

  /** @param frames as many are expected; there may be more. */
  constructor(frames = 0) {
    const slots = Math.max(LEAST_SLOTS, 2 ** Math.ceil(Math.log2(frames * 2 + 1)));
    this.#frame = new Float64Array(slots);
    this.#process = new Uint32Array(slots);
    this.#unit = new Uint32Array(slots);
  }

  /** Frames in it. */
  get size(): number {
    return this.#count;
  }

  /** The slot that has a frame, or is free for it. */
  #slotFor(frame: number): number {
    const mask = this.#frame.length - 1;
    // Frames come in rows, often of 512: only the upper bits of the product tell them apart.
    let slot = Math.imul(frame, 0x9e37_79b1) >>> Math.clz32(mask);
    while (this.#frame[slot] !== 0 && this.#frame[slot] !== frame) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [frames, processes, units] = [this.#frame, this.#process, this.#unit];
    const slots = frames.length * 2;
    this.#frame = new Float64Array(slots);
    this.#process = new Uint32Array(slots);
    this.#unit = new Uint32Array(slots);
    for (let i = 0; i < frames.length; i++) {
      const frame = frames[i]!;
      if (frame !== 0) this.#set(this.#slotFor(frame), frame, processes[i]!, units[i]!);
    }
  }

  #set(slot: number, frame: number, process: number, unit: number): void {
    this.#frame[slot] = frame;
    this.#process[slot] = process;
    this.#unit[slot] = unit;
  }

  /** The slot of a frame's unit; -1 when it has none. */
  find(frame: number): number {
    const slot = this.#slotFor(frame);
    return this.#frame[slot] === 0 ? -1 : slot;
  }

  /** Gives a frame to a unit, unless another has it. @returns the slot of the one that has it. */
  claim(frame: number, process: number, unit: number): number {
    let slot = this.#slotFor(frame);
    if (this.#frame[slot] !== 0) return slot;
    if (++this.#count * 2 > this.#frame.length) {
      this.#grow();
      slot = this.#slotFor(frame);
    }
    this.#set(slot, frame, process, unit);
    return slot;
  }

  /** Index of the process. @param slot as `find` or `claim` gave it last. */
  processAt(slot: number): number {
    return this.#process[slot]!;
  }

  /** Index of the unit in the process's table. @param slot as `find` or `claim` gave it last. */
  unitAt(slot: number): number {
    return this.#unit[slot]!;
  }
}
