import { dlopen, FFIType } from "bun:ffi";
import { addressOf, close, lastErrno } from "./libc.ts";
import { SystemCallError } from "./errno.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  // int socketpair(int domain, int type, int protocol, int sv[2])
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  // int socket(int domain, int type, int protocol)
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen)
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int getsockopt(int sockfd, int level, int optname, void *optval, socklen_t *optlen)
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  // ssize_t send(int sockfd, const void *buf, size_t len, int flags)
  send: { args: ["i32", "ptr", "u64", "i32"], returns: FFIType.i64_fast },
  // ssize_t sendmsg(int sockfd, const struct msghdr *msg, int flags)
  sendmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
  // ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags)
  recvmsg: { args: ["i32", "ptr", "i32"], returns: FFIType.i64_fast },
  // int shutdown(int sockfd, int how)
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  // int fcntl(int fd, int cmd, ...): see libc.ts for variadic functions
  fcntl: { args: ["i32", "i32", "i64"], returns: "i32" },
});

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SHUT_RDWR = 2;
const EINTR = 4;
const F_DUPFD_CLOEXEC = 1030;

/**
 * socketpair(2): two connected, blocking stream sockets, close-on-exec. @throws {SystemCallError}
 */
export function socketPair(): readonly [number, number] {
  const pair = new Int32Array(2);
  if (libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    throw new SystemCallError("socketpair", lastErrno());
  }
  return [pair[0] ?? -1, pair[1] ?? -1];
}

/** Who connected: struct ucred of getsockopt(2) SO_PEERCRED (socket(7), unix(7)). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** The peer of a connected AF_UNIX socket at the time it connected. @throws {SystemCallError} */
export function peerCredentials(fd: number): PeerCredentials {
  const ucred = new Uint32Array(3);
  const length = new Uint32Array([ucred.byteLength]);
  if (libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, length) < 0) {
    throw new SystemCallError("getsockopt", lastErrno(), "SO_PEERCRED");
  }
  return { pid: ucred[0] ?? 0, uid: ucred[1] ?? 0, gid: ucred[2] ?? 0 };
}

/** sizeof(struct sockaddr_un): sa_family_t sun_family; char sun_path[108] (unix(7)). */
const ADDRESS_BYTES = 110;

/** A datagram socket that is connected to a path; nothing on it waits. @throws {SystemCallError} */
export function connectDatagramSocket(path: string): number {
  const address = new Uint8Array(ADDRESS_BYTES);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(Buffer.from(path).subarray(0, ADDRESS_BYTES - 3), 2);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw new SystemCallError("socket", lastErrno(), path);
  while (libc.connect(fd, address, ADDRESS_BYTES) < 0) {
    const errno = lastErrno();
    if (errno === EINTR) continue;
    close(fd);
    throw new SystemCallError("connect", errno, path);
  }
  return fd;
}

/**
 * send(2) of one datagram, never waiting (MSG_DONTWAIT).
 * @throws {SystemCallError} EAGAIN: the reader lags.
 */
export function sendDatagram(fd: number, datagram: Uint8Array): void {
  while (Number(libc.send(fd, datagram, datagram.length, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0) {
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("send", errno);
  }
}

/** shutdown(2) of both directions: the peer reads what was written, then the end. */
export function shutDown(fd: number): void {
  libc.shutdown(fd, SHUT_RDWR);
}

/**
 * Another descriptor of the same socket, close-on-exec (fcntl(2), F_DUPFD_CLOEXEC).
 * @throws {SystemCallError}
 */
export function duplicate(fd: number): number {
  const other = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (other < 0) throw new SystemCallError("fcntl", lastErrno(), "F_DUPFD_CLOEXEC");
  return other;
}

/** CMSG_LEN and CMSG_SPACE of one int (cmsg(3)). */
const CMSG_LENGTH = 20;
const CMSG_SPACE = 24;

// The parts of the one message that a descriptor travels in (recvmsg(2)). They hold addresses of
// each other, which keep nothing from being collected: so they last as long as the module.

/** struct cmsghdr: size_t cmsg_len; int cmsg_level, cmsg_type; then the int. */
const control = new Uint8Array(CMSG_SPACE);
const controlView = new DataView(control.buffer);
/** A byte must go along. */
const byte = new Uint8Array(1);
/** struct iovec: void *iov_base; size_t iov_len. */
const vector = new BigUint64Array(2);
/** struct msghdr. */
const header = new BigUint64Array(7);

function resetMessage(): void {
  control.fill(0);
  header.fill(0n);
  vector[0] = BigInt(addressOf(byte));
  vector[1] = 1n;
  header[2] = BigInt(addressOf(vector));
  header[3] = 1n;
  header[4] = BigInt(addressOf(control));
  header[5] = BigInt(CMSG_SPACE);
}

/**
 * Sends a descriptor over an AF_UNIX socket (unix(7), SCM_RIGHTS), never waiting (MSG_DONTWAIT);
 * ours stays open. @throws {SystemCallError} EAGAIN: the peer has left too many from before.
 */
export function sendDescriptor(socket: number, fd: number): void {
  resetMessage();
  controlView.setBigUint64(0, BigInt(CMSG_LENGTH), true);
  controlView.setInt32(8, SOL_SOCKET, true);
  controlView.setInt32(12, SCM_RIGHTS, true);
  controlView.setInt32(16, fd, true);
  while (Number(libc.sendmsg(socket, header, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0) {
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("sendmsg", errno, "SCM_RIGHTS");
  }
}

/**
 * Waits for the descriptor that sendDescriptor() sends.
 * @throws {SystemCallError | Error} when there is none.
 */
export function receiveDescriptor(socket: number): number {
  for (;;) {
    resetMessage();
    const count = Number(libc.recvmsg(socket, header, MSG_CMSG_CLOEXEC));
    if (count > 0 && controlView.getInt32(12, true) === SCM_RIGHTS) {
      return controlView.getInt32(16, true);
    }
    if (count >= 0) throw new Error("Cannot receive a descriptor: there is none");
    const errno = lastErrno();
    if (errno !== EINTR) throw new SystemCallError("recvmsg", errno, "SCM_RIGHTS");
  }
}

/** Closes both. */
export function closePair([one, other]: readonly [number, number]): void {
  close(one);
  close(other);
}
