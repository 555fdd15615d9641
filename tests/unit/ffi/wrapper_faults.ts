import {
  AT_FDCWD,
  close,
  ioctl,
  lockFile,
  O_RDONLY,
  O_RDWR,
  openAt,
  pread,
  pwrite,
  read,
  seek,
  tell,
  write,
} from "../../../ffi/libc.ts";
import { bindThread, CpuStay, threadCpus } from "../../../ffi/affinity.ts";
import { compareSpaces } from "../../../ffi/kcmp.ts";
import { FileMapping } from "../../../ffi/own_mappings.ts";
import { MovePagesBatch, MPOL_MF_MOVE } from "../../../ffi/move_pages.ts";
import { IoVector, MADV_PAGEOUT, PidFd, processMadvise } from "../../../ffi/process_madvise.ts";
import { closeOnExec, dieWithParent, execve } from "../../../ffi/process_control.ts";
import {
  closePair,
  connectDatagramSocket,
  peerCredentials,
  receiveDescriptor,
  sendDatagram,
  sendDescriptor,
  shutDown,
  socketPair,
} from "../../../ffi/unix_socket.ts";

/** The errnos that every wrapper is made to see. */
export const ERRNOS = {
  EPERM: 1,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  ENODEV: 19,
  EMFILE: 24,
} as const;

/**
 * What a wrapper does about a failure: nothing but throw, try again,
 * or go on as if there were none.
 */
export type Reaction = "throws" | "tries again" | "goes on";

/** A wrapper, and what it must do when its system call fails. */
export interface WrapperFaults {
  readonly wrapper: string;
  /** The system call, and its number by process.arch. */
  readonly syscall: string;
  readonly number: { readonly x64: number; readonly arm64: number };
  /** Of every errno but EINTR. */
  readonly reaction: Reaction;
  readonly interrupted: Reaction;
  /** Makes what the call needs. @returns the call, and what takes all of it back. */
  readonly prepare: () => { readonly call: () => unknown; readonly end: () => void };
}

const text = Buffer.from("0123456789");

function onFile(call: (fd: number) => unknown): WrapperFaults["prepare"] {
  return () => {
    const fd = openAt(AT_FDCWD, "/proc/self/exe", O_RDONLY);
    return { call: () => call(fd), end: () => close(fd) };
  };
}

function onNothing(call: () => unknown): WrapperFaults["prepare"] {
  return () => ({ call, end: () => {} });
}

function onPair(call: (one: number, other: number) => unknown): WrapperFaults["prepare"] {
  return () => {
    const pair = socketPair();
    return { call: () => call(...pair), end: () => closePair(pair) };
  };
}

function onNull(call: (fd: number) => unknown): WrapperFaults["prepare"] {
  return () => {
    const fd = openAt(AT_FDCWD, "/dev/null", O_RDWR);
    return { call: () => call(fd), end: () => close(fd) };
  };
}

function ownPage(): MovePagesBatch {
  const batch = new MovePagesBatch(1);
  batch.push(0);
  return batch;
}

const THROWS = { reaction: "throws", interrupted: "throws" } as const;
const TRIES_AGAIN = { reaction: "throws", interrupted: "tries again" } as const;
const GOES_ON = { reaction: "goes on", interrupted: "goes on" } as const;

/**
 * Every wrapper of a system call in ffi/ but killOwnGroup(), which nobody survives that could tell.
 */
export const WRAPPER_FAULTS: readonly WrapperFaults[] = [
  {
    wrapper: "openAt",
    syscall: "openat",
    number: { x64: 257, arm64: 56 },
    ...TRIES_AGAIN,
    prepare: onNothing(() => close(openAt(AT_FDCWD, "/dev/null", O_RDONLY))),
  },
  {
    // Linux has released the descriptor whatever close(2) says: never repeated
    wrapper: "close",
    syscall: "close",
    number: { x64: 3, arm64: 57 },
    ...GOES_ON,
    prepare: onFile((fd) => close(fd)),
  },
  {
    wrapper: "read",
    syscall: "read",
    number: { x64: 0, arm64: 63 },
    ...TRIES_AGAIN,
    prepare: onFile((fd) => read(fd, new Uint8Array(8), 8)),
  },
  {
    wrapper: "pread",
    syscall: "pread64",
    number: { x64: 17, arm64: 67 },
    ...TRIES_AGAIN,
    prepare: onFile((fd) => pread(fd, new Uint8Array(8), 8, 0)),
  },
  {
    wrapper: "write",
    syscall: "write",
    number: { x64: 1, arm64: 64 },
    ...TRIES_AGAIN,
    prepare: onNull((fd) => write(fd, text, text.length)),
  },
  {
    wrapper: "pwrite",
    syscall: "pwrite64",
    number: { x64: 18, arm64: 68 },
    ...TRIES_AGAIN,
    prepare: onNull((fd) => pwrite(fd, text, text.length, 0)),
  },
  {
    wrapper: "seek",
    syscall: "lseek",
    number: { x64: 8, arm64: 62 },
    ...THROWS,
    prepare: onFile((fd) => seek(fd, 4)),
  },
  {
    wrapper: "tell",
    syscall: "lseek",
    number: { x64: 8, arm64: 62 },
    ...THROWS,
    prepare: onFile((fd) => tell(fd)),
  },
  {
    wrapper: "ioctl",
    syscall: "ioctl",
    number: { x64: 16, arm64: 29 },
    ...THROWS,
    // FIONREAD
    prepare: onPair((fd) => ioctl(fd, 0x541b, new Uint32Array(1))),
  },
  {
    wrapper: "peerCredentials",
    syscall: "getsockopt",
    number: { x64: 55, arm64: 209 },
    ...THROWS,
    prepare: onPair((fd) => peerCredentials(fd)),
  },
  {
    wrapper: "execve",
    syscall: "execve",
    number: { x64: 59, arm64: 221 },
    ...THROWS,
    // without the fault it is this that it says
    prepare: onNothing(() => execve("/bin/echo", ["echo", "it was executed"], {})),
  },
  {
    wrapper: "threadCpus",
    syscall: "sched_getaffinity",
    number: { x64: 204, arm64: 123 },
    ...THROWS,
    prepare: onNothing(() => threadCpus()),
  },
  {
    wrapper: "bindThread",
    syscall: "sched_setaffinity",
    number: { x64: 203, arm64: 122 },
    ...THROWS,
    prepare: onNothing(() => bindThread(threadCpus())),
  },
  {
    wrapper: "CpuStay",
    syscall: "sched_setaffinity",
    number: { x64: 203, arm64: 122 },
    ...THROWS,
    prepare: onNothing(() => new CpuStay(threadCpus())[Symbol.dispose]()),
  },
  {
    wrapper: "FileMapping",
    syscall: "mmap",
    number: { x64: 9, arm64: 222 },
    ...THROWS,
    prepare: onFile((fd) => new FileMapping(fd)[Symbol.dispose]()),
  },
  {
    wrapper: "lockFile",
    syscall: "flock",
    number: { x64: 73, arm64: 32 },
    ...THROWS,
    prepare: onFile((fd) => lockFile(fd)),
  },
  {
    wrapper: "MovePagesBatch.locate",
    syscall: "move_pages",
    number: { x64: 279, arm64: 239 },
    ...THROWS,
    prepare: onNothing(() => ownPage().locate(0)),
  },
  {
    wrapper: "MovePagesBatch.moveTo",
    syscall: "move_pages",
    number: { x64: 279, arm64: 239 },
    ...THROWS,
    prepare: onNothing(() => ownPage().moveTo(0, 0, MPOL_MF_MOVE)),
  },
  {
    wrapper: "compareSpaces",
    syscall: "kcmp",
    number: { x64: 312, arm64: 272 },
    ...THROWS,
    prepare: onNothing(() => compareSpaces(process.pid, process.pid)),
  },
  {
    wrapper: "PidFd",
    syscall: "pidfd_open",
    number: { x64: 434, arm64: 434 },
    ...THROWS,
    prepare: onNothing(() => new PidFd(process.pid)[Symbol.dispose]()),
  },
  {
    wrapper: "processMadvise",
    syscall: "process_madvise",
    number: { x64: 440, arm64: 440 },
    ...THROWS,
    prepare: () => {
      const own = new PidFd(process.pid);
      return {
        call: () => processMadvise(own.fd, new IoVector(), 0, 0, MADV_PAGEOUT),
        end: () => own[Symbol.dispose](),
      };
    },
  },
  {
    wrapper: "dieWithParent",
    syscall: "prctl",
    number: { x64: 157, arm64: 167 },
    ...THROWS,
    prepare: onNothing(() => dieWithParent()),
  },
  {
    wrapper: "closeOnExec",
    syscall: "fcntl",
    number: { x64: 72, arm64: 25 },
    ...GOES_ON,
    prepare: onNull((fd) => closeOnExec(fd)),
  },
  {
    wrapper: "socketPair",
    syscall: "socketpair",
    number: { x64: 53, arm64: 199 },
    ...THROWS,
    prepare: onNothing(() => closePair(socketPair())),
  },
  {
    wrapper: "connectDatagramSocket",
    syscall: "socket",
    number: { x64: 41, arm64: 198 },
    ...THROWS,
    prepare: onNothing(() => connectDatagramSocket("/nowhere")),
  },
  {
    wrapper: "sendDatagram",
    syscall: "sendto",
    number: { x64: 44, arm64: 206 },
    ...TRIES_AGAIN,
    prepare: onPair((fd) => sendDatagram(fd, text)),
  },
  {
    wrapper: "shutDown",
    syscall: "shutdown",
    number: { x64: 48, arm64: 210 },
    ...GOES_ON,
    prepare: onPair((fd) => shutDown(fd)),
  },
  {
    wrapper: "sendDescriptor",
    syscall: "sendmsg",
    number: { x64: 46, arm64: 211 },
    ...TRIES_AGAIN,
    prepare: onPair((one) => sendDescriptor(one, one)),
  },
  {
    wrapper: "receiveDescriptor",
    syscall: "recvmsg",
    number: { x64: 47, arm64: 212 },
    ...TRIES_AGAIN,
    prepare: onPair((one, other) => {
      sendDescriptor(other, other);
      close(receiveDescriptor(one));
    }),
  },
];
