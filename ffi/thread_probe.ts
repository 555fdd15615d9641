import { dlopen } from "bun:ffi";
import { addressOf, cString } from "./libc.ts";

/** A C library before 2.34 keeps these apart from libc; since then the names lead to libc. */
const { symbols: pthread } = dlopen("libpthread.so.0", {
  // int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*f)(void *), void *arg)
  pthread_create: { args: ["ptr", "ptr", "u64", "ptr"], returns: "i32" },
  // int pthread_join(pthread_t thread, void **value)
  pthread_join: { args: ["u64", "ptr"], returns: "i32" },
  // int sem_init(sem_t *sem, int shared, unsigned value)
  sem_init: { args: ["ptr", "i32", "u32"], returns: "i32" },
  // int sem_post(sem_t *sem)
  sem_post: { args: ["ptr"], returns: "i32" },
});
const { symbols: loader } = dlopen("libdl.so.2", {
  // void *dlsym(void *handle, const char *symbol)
  dlsym: { args: ["u64", "ptr"], returns: "u64" },
});

const RTLD_DEFAULT = 0;
/** sem_t takes 32 bytes on 64-bit architectures. */
const semaphore = new BigUint64Array(4);

/**
 * Whether so many threads can be made now, all at the same time: makes them, with stacks of the
 * usual size, and ends them. So every limit counts: those of the control groups, of the user, of
 * the kernel, and of memory that may be committed.
 * @returns the error number of pthread_create(3), 0 when they can.
 */
export function whyNoThreads(count: number): number {
  pthread.sem_init(semaphore, 0, 0);
  const wait = loader.dlsym(RTLD_DEFAULT, cString("sem_wait"));
  const threads = new BigUint64Array(count);
  let made = 0;
  let errno = 0;
  while (made < count && errno === 0) {
    const handle = threads.subarray(made);
    errno = pthread.pthread_create(handle, null, wait, addressOf(semaphore));
    if (errno === 0) made++;
  }
  for (let i = 0; i < made; i++) pthread.sem_post(semaphore);
  for (const thread of threads.subarray(0, made)) pthread.pthread_join(thread, null);
  return errno;
}
