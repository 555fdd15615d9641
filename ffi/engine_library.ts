import { dlopen, type Pointer, read as readMemory, toBuffer } from "bun:ffi";
import { cString } from "./libc.ts";

/** With a glibc before 2.34 these are in libdl, with a later one libdl leads to libc. */
const { symbols: libdl } = dlopen("libdl.so.2", {
  // void *dlopen(const char *filename, int flags)
  dlopen: { args: ["ptr", "i32"], returns: "ptr" },
  // void *dlsym(void *handle, const char *symbol)
  dlsym: { args: ["ptr", "ptr"], returns: "ptr" },
  // int dlclose(void *handle)
  dlclose: { args: ["ptr"], returns: "i32" },
  // char *dlerror(void)
  dlerror: { args: [], returns: "ptr" },
  // int dlinfo(void *handle, int request, void *info)
  dlinfo: { args: ["ptr", "i32", "ptr"], returns: "i32" },
});
const { symbols: libc } = dlopen("libc.so.6", {
  // int setvbuf(FILE *stream, char *buf, int mode, size_t size)
  setvbuf: { args: ["ptr", "ptr", "i32", "u64"], returns: "i32" },
});

const RTLD_NOW = 2;
const RTLD_LOCAL = 0;
const RTLD_GLOBAL = 0x100;
const RTLD_DI_LINKMAP = 2;
const RTLD_DEFAULT = null;
const _IOLBF = 1;
/** Of struct link_map in link.h: ElfW(Addr) l_addr; char *l_name; ElfW(Dyn) *l_ld. */
const LINK_MAP_DYNAMIC = 16;

/** What the dynamic linker says no to; the message is dlerror's. */
export class LinkError extends Error {
  override readonly name = "LinkError";
}

function linkError(): LinkError {
  const text = libdl.dlerror();
  return new LinkError(text === null ? "no reason given" : toBuffer(text).toString());
}

/** dlopen(3) with RTLD_NOW. @throws {LinkError} */
function openLibrary(path: string, flags: number): Pointer {
  const handle = libdl.dlopen(cString(path), RTLD_NOW | flags);
  if (handle === null) throw linkError();
  return Number(handle) as Pointer;
}

/** Loads a library whose symbols all libraries loaded later can use. @throws {LinkError} */
export function loadForAll(name: string): void {
  openLibrary(name, RTLD_GLOBAL);
}

/** A library loaded by dlopen(3) itself: Bun's own keeps the handle. */
export class EngineLibrary implements Disposable {
  /** As dlopen returned it. */
  readonly handle: number;

  /** @param path has a slash in it. @throws {LinkError} */
  constructor(path: string) {
    this.handle = openLibrary(path, RTLD_LOCAL);
  }

  /** The address of what the library, or one that it needs, exports. @throws {LinkError} */
  symbol(name: string): number {
    libdl.dlerror();
    const address = libdl.dlsym(this.handle as Pointer, cString(name));
    if (address === null) throw linkError();
    return Number(address);
  }

  /**
   * An address in the library's file as it is mapped: that of its dynamic section.
   * @throws {LinkError}
   */
  dynamicSection(): number {
    const map = new BigUint64Array(1);
    if (libdl.dlinfo(this.handle, RTLD_DI_LINKMAP, map) !== 0) throw linkError();
    return readMemory.ptr(Number(map[0] ?? 0n), LINK_MAP_DYNAMIC);
  }

  /** dlclose(3): its destructors run. */
  [Symbol.dispose](): void {
    libdl.dlclose(this.handle as Pointer);
  }
}

/**
 * Has what libraries print to the stdout of C written line by line,
 * though it is no terminal (setvbuf(3)).
 */
export function flushStdoutByLine(): void {
  // extern FILE *stdout
  const stdout = libdl.dlsym(RTLD_DEFAULT, cString("stdout"));
  if (stdout === null) return;
  libc.setvbuf(readMemory.ptr(stdout, 0), null, _IOLBF, 0);
}
