import { dlopen, toArrayBuffer } from "bun:ffi";
import { errorCode, SystemCallError } from "./errno.ts";
import { addressOf, close, cString, lastErrno, type Memory, PAGE_SIZE, syscall } from "./libc.ts";
import { SYSCALL } from "./syscall_numbers.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
  mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: "u64" },
  // int munmap(void *addr, size_t length)
  munmap: { args: ["u64", "u64"], returns: "i32" },
  // int setrlimit(int resource, const struct rlimit *rlim)
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
});

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_POPULATE = 0x8000;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** enum bpf_cmd of include/uapi/linux/bpf.h. @internal */
export const BPF_CMD = {
  BPF_MAP_CREATE: 0,
  BPF_PROG_LOAD: 5,
  BPF_PROG_TEST_RUN: 10,
  BPF_BTF_LOAD: 18,
  BPF_LINK_CREATE: 28,
  BPF_ITER_CREATE: 33,
} as const;

/** Of enum bpf_prog_type: a program that a thread has run, and one that is attached. */
export const BPF_PROG_TYPE_TRACING = 26;
export const BPF_PROG_TYPE_SYSCALL = 31;
const BPF_MAP_TYPE_ARRAY = 2;
const BPF_TRACE_ITER = 28;
const BPF_F_MMAPABLE = 1 << 10;
const BPF_F_SLEEPABLE = 1 << 4;
/** BPF_LOG_STATS of include/linux/bpf_verifier.h: what went wrong, without each instruction. */
const BPF_LOG_STATS = 4;
const LOG_BYTES = 64 * 1024;
const NAME_BYTES = 16;
const FUNC_INFO_BYTES = 8;

/** Bytes of union bpf_attr that any of our commands uses; what is left is zero. */
const ATTR_BYTES = 128;

/** Members of union bpf_attr, in bytes; a name of 64-bit ones is in `WIDE`. @internal */
export const BPF_ATTR = {
  map_type: 0,
  key_size: 4,
  value_size: 8,
  max_entries: 12,
  map_flags: 16,
  map_name: 28,
  prog_type: 0,
  insn_cnt: 4,
  insns: 8,
  license: 16,
  log_level: 24,
  log_size: 28,
  log_buf: 32,
  prog_flags: 44,
  prog_name: 48,
  expected_attach_type: 68,
  prog_btf_fd: 72,
  func_info_rec_size: 76,
  func_info: 80,
  func_info_cnt: 88,
  attach_btf_id: 108,
  btf: 0,
  btf_size: 16,
  "test.prog_fd": 0,
  "link_create.prog_fd": 0,
  "link_create.attach_type": 8,
  "iter_create.link_fd": 0,
} as const;

type AttrMember = keyof typeof BPF_ATTR;

/** The arguments of a command; memory is handed over by its address. */
type Attr = Partial<Record<AttrMember, number | Memory>>;

const RLIMIT_MEMLOCK = 8;
const RLIM_INFINITY = 0xffff_ffff_ffff_ffffn;

/**
 * Before Linux 5.11 maps and programs count as locked memory, and what is too much is EPERM.
 * @returns whether the limit could be raised.
 */
function raiseMemlockLimit(): boolean {
  return libc.setrlimit(RLIMIT_MEMLOCK, new BigUint64Array([RLIM_INFINITY, RLIM_INFINITY])) === 0;
}

/** bpf(2). @returns its result, for most commands a descriptor, closed by execve(2). */
function bpf(command: keyof typeof BPF_CMD, members: Attr): number {
  const bytes = new Uint8Array(ATTR_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(members)) {
    const offset = BPF_ATTR[name as AttrMember];
    if (typeof value === "number") view.setUint32(offset, value, true);
    else if (name.endsWith("_name")) bytes.set(value as Uint8Array, offset);
    else view.setBigUint64(offset, BigInt(addressOf(value)), true);
  }
  const call = (): number =>
    syscall(`bpf(${command})`, SYSCALL.bpf, BPF_CMD[command], bytes, bytes.length);
  try {
    return call();
  } catch (error) {
    const isCharged = command === "BPF_MAP_CREATE" || command === "BPF_PROG_LOAD";
    if (!isCharged || errorCode(error) !== "EPERM" || !raiseMemlockLimit()) throw error;
    return call();
  }
}

/** @throws {RangeError} when it has no room. */
function objectName(name: string): Uint8Array {
  const bytes = cString(name);
  if (bytes.length > NAME_BYTES) {
    throw new RangeError(`Cannot name a BPF object "${name}": too long`);
  }
  return bytes;
}

/** A BPF array map of one value, which programs and this process have in common. */
export class SharedValue implements Disposable {
  readonly fd: number;
  readonly #address: bigint;
  readonly #mappedBytes: number;
  /** The value; it is empty, and so are views of it, once this is disposed of. */
  readonly buffer: ArrayBuffer;

  /** @throws {SystemCallError} */
  constructor(name: string, sizeBytes: number) {
    this.fd = bpf("BPF_MAP_CREATE", {
      map_type: BPF_MAP_TYPE_ARRAY,
      key_size: 4,
      value_size: sizeBytes,
      max_entries: 1,
      map_flags: BPF_F_MMAPABLE,
      map_name: objectName(name),
    });
    this.#mappedBytes = Math.ceil(sizeBytes / PAGE_SIZE) * PAGE_SIZE;
    const flags = MAP_SHARED | MAP_POPULATE;
    this.#address = libc.mmap(null, this.#mappedBytes, PROT_READ | PROT_WRITE, flags, this.fd, 0);
    if (this.#address === MAP_FAILED) {
      const errno = lastErrno();
      close(this.fd);
      throw new SystemCallError("mmap", errno, name);
    }
    this.buffer = toArrayBuffer(Number(this.#address), 0, sizeBytes);
  }

  [Symbol.dispose](): void {
    // Who looks at it later finds nothing, and does not crash.
    this.buffer.transfer(0);
    libc.munmap(this.#address, this.#mappedBytes);
    close(this.fd);
  }
}

/** A program to load. */
export interface BpfProgram {
  readonly name: string;
  readonly type: typeof BPF_PROG_TYPE_TRACING | typeof BPF_PROG_TYPE_SYSCALL;
  /** Of 8 bytes each. */
  readonly instructions: Uint8Array;
  /** Of an iterator: the id of its function in the kernel's BTF. */
  readonly attachBtfId?: number;
  /** Types of its functions, which a program with callbacks needs. */
  readonly functions?: BpfFunctions;
}

/** The functions of a program: the first instruction of each and its id in a BTF of ours. */
export interface BpfFunctions {
  readonly btf: Uint8Array;
  /** Pairs, ascending. */
  readonly infos: Uint32Array;
}

/** The kernel refused a program, `cause` says with which errno. */
export class ProgramRefused extends Error {
  override readonly name = "ProgramRefused";
}

/** Of the programs that are loaded: see src/page_table/walk_program.ts. */
const LICENSE = cString("Dual MIT/GPL");

/**
 * Loads a program (BPF_PROG_LOAD). @returns its descriptor.
 * @throws {ProgramRefused} with the last that the verifier said. @throws {SystemCallError}
 */
export function loadProgram(program: BpfProgram): number {
  const { name, type, instructions, attachBtfId, functions } = program;
  const btfFd = functions === undefined
    ? -1
    : bpf("BPF_BTF_LOAD", { btf: functions.btf, btf_size: functions.btf.length });
  const attr: Attr = {
    prog_type: type,
    insns: instructions,
    insn_cnt: instructions.length / 8,
    license: LICENSE,
    prog_name: objectName(name),
    ...(type === BPF_PROG_TYPE_SYSCALL && { prog_flags: BPF_F_SLEEPABLE }),
    ...(type === BPF_PROG_TYPE_TRACING && { expected_attach_type: BPF_TRACE_ITER }),
    ...(attachBtfId !== undefined && { attach_btf_id: attachBtfId }),
    ...(functions !== undefined && {
      prog_btf_fd: btfFd,
      func_info_rec_size: FUNC_INFO_BYTES,
      func_info: functions.infos,
      func_info_cnt: functions.infos.length / 2,
    }),
  };
  try {
    return bpf("BPF_PROG_LOAD", attr);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    const words = verifierWords(attr);
    if (words === undefined) throw error;
    throw new ProgramRefused(words, { cause: error });
  } finally {
    if (btfFd >= 0) close(btfFd);
  }
}

/** Loads once more, for the reason. @returns the last line about it; undefined without any. */
function verifierWords(attr: Attr): string | undefined {
  const log = new Uint8Array(LOG_BYTES);
  try {
    const logged = { log_level: BPF_LOG_STATS, log_size: LOG_BYTES, log_buf: log };
    close(bpf("BPF_PROG_LOAD", { ...attr, ...logged }));
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
  }
  const text = Buffer.from(log.subarray(0, log.indexOf(0))).toString("latin1");
  return text.split("\n").findLast((line) => line !== "" && !NO_REASON.test(line));
}

/** What the verifier says at the end whether it takes a program or not. */
const NO_REASON = /^(?:verification time|stack depth|processed) /;

/** Runs a SYSCALL program in this thread (BPF_PROG_TEST_RUN). @throws {SystemCallError} */
export function runProgram(programFd: number): void {
  bpf("BPF_PROG_TEST_RUN", { "test.prog_fd": programFd });
}

/** Attaches an iterator (BPF_LINK_CREATE). @returns a descriptor. @throws {SystemCallError} */
export function linkIterator(programFd: number): number {
  return bpf("BPF_LINK_CREATE", {
    "link_create.prog_fd": programFd,
    "link_create.attach_type": BPF_TRACE_ITER,
  });
}

/**
 * Begins an iteration (BPF_ITER_CREATE).
 * @returns a descriptor; read(2) of it runs the program. @throws {SystemCallError}
 */
export function openIteration(linkFd: number): number {
  return bpf("BPF_ITER_CREATE", { "iter_create.link_fd": linkFd });
}
