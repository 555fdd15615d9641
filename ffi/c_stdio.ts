import { dlopen, read as readMemory } from "bun:ffi";

const { symbols: libdl } = dlopen("libdl.so.2", {
  // void *dlsym(void *handle, const char *symbol)
  dlsym: { args: ["ptr", "ptr"], returns: "ptr" },
});
const { symbols: libc } = dlopen("libc.so.6", {
  // int setvbuf(FILE *stream, char *buf, int mode, size_t size)
  setvbuf: { args: ["ptr", "ptr", "i32", "u64"], returns: "i32" },
});

const RTLD_DEFAULT = null;
const _IOLBF = 1;

/** Has what C code prints to stdout written line by line, though it is no terminal (setvbuf(3)). */
export function flushStdoutByLine(): void {
  // extern FILE *stdout
  const stdout = libdl.dlsym(RTLD_DEFAULT, Buffer.from("stdout\0"));
  if (stdout === null) return;
  libc.setvbuf(readMemory.ptr(stdout, 0), null, _IOLBF, 0);
}
