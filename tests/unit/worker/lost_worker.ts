/** A thread that ends when it is given work. */
if (!Bun.isMainThread) addEventListener("message", () => process.exit(3));
