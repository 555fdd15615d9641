import type { architectureOf } from "./architectures.ts";

/**
 * What the executable does before the runtime: if it has no working folder (getcwd(2) fails, or the
 * path does not begin with a slash: the folder cannot be reached), it goes to /proc/self/task, or
 * to the root where procfs is not mounted. The runtime ends without a working folder.
 * /proc/self/task is always there, cannot be removed or filled, and is no usual working folder, so
 * the program knows by it that it had none (src/options/absolute_path.ts).
 *
 * A jump to the runtime's own first instruction follows. What that finds in registers and on the
 * stack is as the dynamic linker has left it: %rdx or x0 hold what atexit(3) is given.
 */
const CODE = {
  x86_64: [
    "52", //                    push %rdx
    "48 81 ec 00 10 00 00", //  sub $4096, %rsp
    "b8 4f 00 00 00", //        mov $79, %eax             getcwd
    "48 89 e7", //              mov %rsp, %rdi
    "be 00 10 00 00", //        mov $4096, %esi
    "0f 05", //                 syscall
    "48 85 c0", //              test %rax, %rax
    "7e 06", //                 jle 1f
    "80 3c 24 2f", //           cmpb $'/', (%rsp)
    "74 21", //                 je 2f
    "48 8d 3d 27 00 00 00", //  1: lea task(%rip), %rdi
    "b8 50 00 00 00", //        mov $80, %eax             chdir
    "0f 05", //                 syscall
    "48 85 c0", //              test %rax, %rax
    "74 0e", //                 je 2f
    "48 8d 3d 24 00 00 00", //  lea root(%rip), %rdi
    "b8 50 00 00 00", //        mov $80, %eax             chdir
    "0f 05", //                 syscall
    "48 81 c4 00 10 00 00", //  2: add $4096, %rsp
    "5a", //                    pop %rdx
  ],
  aarch64: [
    "e9 03 00 aa", // mov x9, x0
    "ff 07 40 d1", // sub sp, sp, #4096
    "e0 03 00 91", // mov x0, sp
    "01 00 82 d2", // mov x1, #4096
    "28 02 80 d2", // mov x8, #17         getcwd
    "01 00 00 d4", // svc #0
    "1f 00 00 f1", // cmp x0, #0
    "8d 00 00 54", // b.le 1f
    "e1 03 40 39", // ldrb w1, [sp]
    "3f bc 00 71", // cmp w1, #'/'
    "00 01 00 54", // b.eq 2f
    "40 01 00 10", // 1: adr x0, task
    "28 06 80 d2", // mov x8, #49         chdir
    "01 00 00 d4", // svc #0
    "80 00 00 b4", // cbz x0, 2f
    "40 01 00 10", // adr x0, root
    "28 06 80 d2", // mov x8, #49         chdir
    "01 00 00 d4", // svc #0
    "ff 07 40 91", // 2: add sp, sp, #4096
    "e0 03 09 aa", // mov x0, x9
  ],
} as const;

/** task and root. */
const PATHS = "/proc/self/task\0/\0";

/** A jump, `bytes` before what it jumps to. */
const JUMP = {
  /** `jmp`, which counts from its own end. */
  x86_64: (bytes: number): number[] => [0xe9, ...littleEndian(bytes - 5)],
  /** `b`, which counts in instructions of 4 bytes. */
  aarch64: (bytes: number): number[] => littleEndian(0x14000000 | (bytes / 4)),
} as const;

function littleEndian(word: number): number[] {
  return [...new Uint8Array(Uint32Array.of(word).buffer)];
}

/**
 * The code, followed by zeros.
 * @param sizeBytes of all; the instruction that it jumps to comes right after. A multiple of 4.
 * @throws {RangeError} when that is too little.
 */
export function startCode(
  architecture: ReturnType<typeof architectureOf>["name"],
  sizeBytes: number,
): Uint8Array {
  const code = CODE[architecture].flatMap((bytes) =>
    bytes.split(" ").map((byte) => parseInt(byte, 16))
  );
  const jump = JUMP[architecture](sizeBytes - code.length);
  const all = new Uint8Array(sizeBytes);
  all.set([...code, ...jump, ...Buffer.from(PATHS, "latin1")]);
  return all;
}
