/*
 * abitest.c: exercises /proc/<pid>/idle_pages and swap_pages of the etmem ABI
 * kernel on its own memory.  Build: gcc -O2 -static -Wall -o abitest abitest.c
 * Exit status: number of failed checks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PG 4096UL
#define SZ2M (2UL << 20)
#define IDLE_SCAN_ADD_FLAGS _IOW(0x66, 0x0, unsigned int)
#define IDLE_SCAN_REMOVE_FLAGS _IOW(0x66, 0x1, unsigned int)
#define VMA_SCAN_ADD_FLAGS _IOW(0x66, 0x2, unsigned int)
#define VMA_SCAN_REMOVE_FLAGS _IOW(0x66, 0x3, unsigned int)
#define RECLAIM_SWAPCACHE_OFF _IOW(0x77, 0x0, unsigned int)
#define RECLAIM_SWAPCACHE_ON _IOW(0x77, 0x1, unsigned int)
#define SET_SWAPCACHE_WMARK _IOW(0x77, 0x2, unsigned int)
#define SCAN_AS_HUGE 0100000000
#define SCAN_IGN_HOST 0200000000
#define VMA_SCAN_FLAG 0x1000

static const char *tname[] = { "PTE_ACCESSED", "PMD_ACCESSED", "PUD_PRESENT", "PTE_DIRTY", "PMD_DIRTY",
	"PTE_IDLE", "PMD_IDLE", "PMD_IDLE_PTES", "PTE_HOLE", "PMD_HOLE", "PIP_CMD" };
static const unsigned long tsize[] = { PG, SZ2M, 1UL << 30, PG, SZ2M, PG, SZ2M, SZ2M, PG, SZ2M };

static int fails, checks;
#define CHECK(c, ...) do { checks++; int ok_ = !!(c); if (!ok_) fails++; \
	printf("%s: ", ok_ ? "ok  " : "FAIL"); printf(__VA_ARGS__); printf("\n"); } while (0)

struct res {
	unsigned long bytes, reads, setaddr;
	unsigned long cnt[11];		/* entries of each type */
	unsigned char *state;		/* per 4K page of [lo,hi): 0 none, 'A', 'I', 'h' */
	unsigned long lo, hi, outside, lastpos;
	double secs;
};

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }

static void mark(struct res *r, unsigned long a, unsigned long n, char c)
{
	for (; n--; a += PG) {
		if (a < r->lo || a >= r->hi) r->outside++;
		else r->state[(a - r->lo) / PG] = c;
	}
}

static int decode(struct res *r, unsigned char *b, long n)
{
	unsigned long a = 0; int have = 0;
	for (long i = 0; i < n; i++) {
		int t = b[i] >> 4, nr = b[i] & 15;
		if (b[i] == 0xA0) {
			if (i + 8 >= n) return -1;
			a = 0;
			for (int k = 1; k <= 8; k++) a = a << 8 | b[i + k];
			i += 8; have = 1; r->setaddr++;
			continue;
		}
		if (!have || t > 9 || !nr) return -1;
		r->cnt[t] += nr;
		char c = t >= 8 ? 'h' : (t >= 5 ? 'I' : 'A');
		mark(r, a, nr * tsize[t] / PG, c);
		a += nr * tsize[t];
	}
	return 0;
}

/* scan [lo,hi) with reads of at most bufsz bytes */
static int scan(struct res *r, unsigned long lo, unsigned long hi, size_t bufsz, int oflags,
		unsigned add_idle, unsigned add_vma, int pid)
{
	char p[64];
	memset(r, 0, sizeof *r);
	r->lo = lo; r->hi = hi;
	r->state = calloc(1, (hi - lo) / PG + 1);
	snprintf(p, sizeof p, pid ? "/proc/%d/idle_pages" : "/proc/self/idle_pages", pid);
	int fd = open(p, O_RDONLY | oflags);
	if (fd < 0) { perror(p); return -1; }
	if (add_idle && ioctl(fd, IDLE_SCAN_ADD_FLAGS, &add_idle)) { perror("ioctl"); return -1; }
	if (add_vma && ioctl(fd, VMA_SCAN_ADD_FLAGS, &add_vma)) { perror("ioctl"); return -1; }
	unsigned char *b = malloc(bufsz);
	double t = now();
	lseek(fd, lo, SEEK_SET);
	unsigned long pos = lo;
	while (pos < hi) {
		size_t want = ((hi - pos) + 8 * PG - 1) / (8 * PG);
		if (want < 19) want = 19;
		if (want > bufsz) want = bufsz;
		ssize_t n = read(fd, b, want);
		if (n < 0) { printf("read: %s\n", strerror(errno)); return -1; }
		r->reads++; r->bytes += n;
		if (decode(r, b, n)) { printf("bad stream\n"); return -1; }
		unsigned long np = lseek(fd, 0, SEEK_CUR);
		if (np <= pos) { printf("position did not advance: %lx\n", np); return -1; }
		pos = np;
	}
	r->lastpos = pos;
	r->secs = now() - t;
	close(fd);
	free(b);
	return 0;
}

static void show(const char *what, struct res *r)
{
	printf("      %-26s reads=%lu bytes=%lu setaddr=%lu %.4fs:", what, r->reads, r->bytes, r->setaddr, r->secs);
	for (int i = 0; i < 10; i++) if (r->cnt[i]) printf(" %s=%lu", tname[i], r->cnt[i]);
	if (r->outside) printf(" outside=%lu", r->outside);
	printf("\n");
}

static unsigned long count(struct res *r, char c)
{
	unsigned long n = 0;
	for (unsigned long i = 0; i < (r->hi - r->lo) / PG; i++) n += r->state[i] == c;
	return n;
}

static long vmstat(const char *key)
{
	char l[256]; long v = -1; FILE *f = fopen("/proc/self/status", "r");
	while (fgets(l, sizeof l, f)) if (!strncmp(l, key, strlen(key)) && l[strlen(key)] == ':') v = atol(l + strlen(key) + 1);
	fclose(f); return v;
}
static long stat_(const char *key)
{
	char l[256]; long v = -1; FILE *f = fopen("/proc/etmem_abi_stats", "r");
	if (!f) return -1;
	while (fgets(l, sizeof l, f)) if (!strncmp(l, key, strlen(key)) && l[strlen(key)] == ' ') v = atol(l + strlen(key) + 1);
	fclose(f); return v;
}
static int putfile(const char *p, const char *s)
{
	int fd = open(p, O_WRONLY); if (fd < 0) return -1;
	int r = write(fd, s, strlen(s)) == (ssize_t)strlen(s) ? 0 : -1; close(fd); return r;
}
static void getfile(const char *p, char *b, int n)
{
	int fd = open(p, O_RDONLY); b[0] = 0; if (fd < 0) return;
	int r = read(fd, b, n - 1); b[r > 0 ? r : 0] = 0; close(fd); b[strcspn(b, "\n")] = 0;
}
static void touch(char *m, unsigned long len, unsigned long step) { for (unsigned long i = 0; i < len; i += step) ((volatile char *)m)[i] = 1; /* a plain store: x++ reads first under TCG and gets the huge zero page */ }
static char *anon(unsigned long len, int extra)
{
	char *m = mmap(NULL, len + SZ2M, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | extra, -1, 0);
	if (m == MAP_FAILED) return NULL;
	return (char *)(((unsigned long)m + SZ2M - 1) & ~(SZ2M - 1));
}

static long swap_out(unsigned long *a, long n, const char *fmt)
{
	char *b = malloc(n * 64 + 1), *q = b; long r;
	for (long i = 0; i < n; i++) q += sprintf(q, fmt, a[i]);
	int fd = open("/proc/self/swap_pages", O_WRONLY);
	if (fd < 0) { perror("swap_pages"); return -1; }
	r = write(fd, b, q - b);
	if (r != q - b) printf("      write returned %ld of %ld\n", r, (long)(q - b));
	close(fd); free(b);
	return r == q - b ? n : -1;
}

int main(void)
{
	struct res r;
	unsigned long len = 64UL << 20, np = len / PG;
	char s[128];
	setvbuf(stdout, NULL, _IOLBF, 0);

	/* --- 1. access bits of 64 MiB of 4K pages */
	char *m = anon(len, 0);
	unsigned long lo = (unsigned long)m, hi = lo + len;
	madvise(m, len, MADV_NOHUGEPAGE);
	touch(m, len, PG);
	if (scan(&r, lo, hi, 1 << 20, 0, 0, 0, 0)) return 99;
	show("after touching all", &r);
	CHECK(count(&r, 'A') == np, "touched: %lu of %lu pages accessed", count(&r, 'A'), np);
	CHECK(r.lastpos == hi, "position at the end of the range");
	scan(&r, lo, hi, 1 << 20, 0, 0, 0, 0); show("not touched", &r);
	CHECK(count(&r, 'I') == np, "untouched: %lu of %lu pages idle", count(&r, 'I'), np);
	touch(m, len, 2 * PG);
	scan(&r, lo, hi, 1 << 20, 0, 0, 0, 0); show("every other page", &r);
	unsigned long good = 0;
	for (unsigned long i = 0; i < np; i++) good += r.state[i] == (i & 1 ? 'I' : 'A');
	CHECK(good == np, "alternation: %lu of %lu pages as expected", good, np);
	/* the same with a small buffer: partial scans */
	touch(m, len, 2 * PG);
	scan(&r, lo, hi, 128, 0, 0, 0, 0); show("same, 128 byte buffer", &r);
	good = 0;
	for (unsigned long i = 0; i < np; i++) good += r.state[i] == (i & 1 ? 'I' : 'A');
	CHECK(good == np, "alternation, partial scans: %lu of %lu", good, np);
	touch(m, len, 2 * PG);
	scan(&r, lo, hi, 19, 0, 0, 0, 0); show("same, 19 byte buffer", &r);
	good = 0;
	for (unsigned long i = 0; i < np; i++) good += r.state[i] == (i & 1 ? 'I' : 'A');
	CHECK(good == np, "alternation, smallest buffer: %lu of %lu", good, np);

	/* fold switch */
	if (!putfile("/sys/module/etmem_abi/parameters/fold_idle", "N")) {
		scan(&r, lo, hi, 1 << 20, 0, 0, 0, 0);
		scan(&r, lo, hi, 1 << 20, 0, 0, 0, 0); show("idle, fold_idle=N", &r);
		CHECK(r.cnt[5] == np && !r.cnt[7], "fold_idle=N: only PTE_IDLE");
		putfile("/sys/module/etmem_abi/parameters/fold_idle", "Y");
	} else CHECK(0, "fold_idle parameter");

	/* --- 2. flags */
	touch(m, len, PG);
	scan(&r, lo, hi, 1 << 20, O_NONBLOCK, 0, 0, 0); show("SCAN_HUGE_PAGE (open)", &r);
	CHECK(r.cnt[7] == len / SZ2M && !r.cnt[0], "SCAN_HUGE_PAGE: only PMD_IDLE_PTES");
	scan(&r, lo, hi, 1 << 20, 0, O_NONBLOCK, 0, 0);
	CHECK(r.cnt[7] == len / SZ2M, "SCAN_HUGE_PAGE by ioctl");
	scan(&r, lo, hi, 1 << 20, 0, SCAN_IGN_HOST, 0, 0); show("SCAN_IGN_HOST", &r);
	CHECK(r.cnt[5] == np, "SCAN_IGN_HOST: all idle");
	touch(m, len, PG);
	scan(&r, lo, hi, 1 << 20, 0, O_NOATIME, 0, 0); show("SCAN_DIRTY_PAGE", &r);
	CHECK(r.cnt[3] == np, "SCAN_DIRTY_PAGE: all PTE_DIRTY");
	touch(m, len, PG);
	scan(&r, lo, hi, 1 << 20, 0, SCAN_AS_HUGE | 0x40, 0, 0);
	CHECK(count(&r, 'A') == np, "SCAN_AS_HUGE and an unknown flag accepted");
	scan(&r, lo, hi, 1 << 20, 0, 0, VMA_SCAN_FLAG, 0);
	CHECK(r.bytes == 0, "VMA_SCAN_FLAG, nothing marked: %lu bytes", r.bytes);
	CHECK(!madvise(m + (8 << 20), 16 << 20, 203), "madvise MADV_SWAPFLAG");
	scan(&r, lo, hi, 1 << 20, 0, 0, VMA_SCAN_FLAG, 0); show("VMA_SCAN_FLAG, 16M marked", &r);
	CHECK(count(&r, 'A') + count(&r, 'I') == (16UL << 20) / PG && r.state[(8 << 20) / PG] && !r.state[(8 << 20) / PG - 1],
	      "VMA_SCAN_FLAG: only the marked 16 MiB");
	CHECK(!madvise(m, len, 204), "madvise MADV_SWAPFLAG_REMOVE");
	scan(&r, lo, hi, 1 << 20, 0, 0, VMA_SCAN_FLAG, 0);
	CHECK(r.bytes == 0, "VMA_SCAN_FLAG after remove: %lu bytes", r.bytes);

	/* --- 3. errors */
	char b[64]; int fd = open("/proc/self/idle_pages", O_RDWR);
	CHECK(fd >= 0, "open O_RDWR");
	lseek(fd, lo, SEEK_SET);
	CHECK(read(fd, b, 18) == -1 && errno == EINVAL, "read of 18 bytes: EINVAL");
	lseek(fd, lo + 1, SEEK_SET);
	CHECK(read(fd, b, 64) == -1 && errno == EINVAL, "unaligned position: EINVAL");
	lseek(fd, 0x7ffffffff000UL, SEEK_SET);
	CHECK(read(fd, b, 64) == 0, "beyond TASK_SIZE: 0");
	CHECK(ioctl(fd, _IOW(0x66, 9, unsigned), b) == -1, "unknown ioctl: %s", strerror(errno));
	close(fd);
	pid_t c = fork();
	if (!c) { if (setuid(65534)) _exit(1); prctl(PR_SET_DUMPABLE, 1); int f = open("/proc/self/idle_pages", O_RDONLY);
		_exit(f < 0 && (errno == EPERM || errno == EACCES) ? (errno == EPERM ? 42 : 43) : 1); }
	int st; waitpid(c, &st, 0);
	CHECK(WEXITSTATUS(st) == 42 || WEXITSTATUS(st) == 43, "no CAP_SYS_ADMIN: %s", WEXITSTATUS(st) == 42 ? "EPERM" : WEXITSTATUS(st) == 43 ? "EACCES" : "opened");

	/* --- 4. holes */
	char *h = anon(16 << 20, 0);
	madvise(h, 16 << 20, MADV_NOHUGEPAGE);
	touch(h + 10 * PG, PG, PG); touch(h + 20 * PG, PG, PG); touch(h + (8 << 20), PG, PG);
	scan(&r, (unsigned long)h, (unsigned long)h + (16 << 20), 1 << 16, 0, 0, 0, 0); show("3 pages in 16M", &r);
	CHECK(r.state[0] == 0 && r.state[10] == 'A' && r.state[15] == 'h' && r.state[20] == 'A' && r.state[(8 << 20) / PG] == 'A',
	      "holes: none at the start, one between");

	/* --- 5. THP */
	char *t = anon(32 << 20, 0);
	madvise(t, 32 << 20, MADV_HUGEPAGE);
	touch(t, 32 << 20, PG);
	unsigned long tl = (unsigned long)t, th = tl + (32 << 20);
	scan(&r, tl, th, 1 << 16, 0, 0, 0, 0); show("THP touched", &r);
	CHECK(r.cnt[1] == 16, "THP: %lu PMD_ACCESSED", r.cnt[1]);
	touch(t, 32 << 20, 2 * SZ2M);
	scan(&r, tl, th, 1 << 16, 0, 0, 0, 0); show("every other THP", &r);
	CHECK(r.cnt[1] == 8 && r.cnt[6] == 8, "THP: %lu PMD_ACCESSED, %lu PMD_IDLE", r.cnt[1], r.cnt[6]);

	/* --- 6. hugetlb */
	putfile("/proc/sys/vm/nr_hugepages", "16");
	char *g = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (g != MAP_FAILED) {
		touch(g, 8 << 20, PG);
		scan(&r, (unsigned long)g, (unsigned long)g + (8 << 20), 1 << 16, 0, 0, 0, 0); show("hugetlb touched", &r);
		CHECK(r.cnt[1] == 4, "hugetlb: %lu PMD_ACCESSED", r.cnt[1]);
		touch(g, SZ2M, PG);
		scan(&r, (unsigned long)g, (unsigned long)g + (8 << 20), 1 << 16, 0, 0, 0, 0);
		CHECK(r.cnt[1] == 1 && r.cnt[6] == 3, "hugetlb: %lu accessed, %lu idle", r.cnt[1], r.cnt[6]);
		munmap(g, 8 << 20);
	} else CHECK(0, "hugetlb mmap: %s", strerror(errno));
	putfile("/proc/sys/vm/nr_hugepages", "0");

	/* --- 7. file mappings: skipped unless private and writable */
	int ff = open("/proc/self/exe", O_RDONLY);
	char *ro = mmap(NULL, 64 * PG, PROT_READ, MAP_PRIVATE, ff, 0), *rw = mmap(NULL, 64 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, ff, 0);
	volatile char sum = 0; for (unsigned long i = 0; i < 64 * PG; i += PG) sum += ro[i] + rw[i];
	scan(&r, (unsigned long)ro, (unsigned long)ro + 64 * PG, 1 << 16, 0, 0, 0, 0);
	CHECK(count(&r, 'A') + count(&r, 'I') == 0, "private read-only file mapping skipped");
	scan(&r, (unsigned long)rw, (unsigned long)rw + 64 * PG, 1 << 16, 0, 0, 0, 0);
	CHECK(count(&r, 'A') == 64, "private writable file mapping scanned (%lu)", count(&r, 'A'));

	/* --- 8. another process */
	int pfd[2], touched[2]; char ch; if (pipe(pfd) || pipe(touched)) return 98;
	c = fork();
	if (!c) { close(pfd[1]); touch(m, len, PG); if (write(touched[1], "", 1) == 1 && read(pfd[0], &ch, 1)) {} _exit(0); }
	close(pfd[0]); if (read(touched[0], &ch, 1) != 1) return 97;
	scan(&r, lo, hi, 1 << 16, 0, 0, 0, c); show("child process", &r);
	CHECK(count(&r, 'A') == np, "child: %lu pages accessed", count(&r, 'A'));
	close(pfd[1]); waitpid(c, &st, 0);

	/* --- 9. swap_pages */
	unsigned long *a = malloc(np * sizeof *a);
	for (unsigned long i = 0; i < np; i++) memcpy(m + i * PG + 8, &i, sizeof i);	/* pattern; also referenced */
	for (unsigned long i = 0; i < np / 2; i++) a[i] = lo + i * PG;
	long v0 = vmstat("VmSwap"), rss0 = vmstat("VmRSS");
	double t0 = now();
	CHECK(swap_out(a, np / 2, "0x%lx\n") == (long)np / 2, "write of %lu addresses returns the count", np / 2);
	double t1 = now();
	long v1 = vmstat("VmSwap"), rss1 = vmstat("VmRSS");
	CHECK(v1 - v0 >= 31 * 1024, "VmSwap %ld -> %ld kB, VmRSS %ld -> %ld kB in %.3f s", v0, v1, rss0, rss1, t1 - t0);
	scan(&r, lo, hi, 1 << 20, 0, 0, 0, 0); show("half swapped", &r);
	CHECK(count(&r, 'A') + count(&r, 'I') == np / 2, "scan sees the swapped half as gone");
	unsigned long bad = 0;
	for (unsigned long i = 0; i < np; i++) bad += memcmp(m + i * PG + 8, &i, sizeof i) != 0;
	CHECK(!bad && vmstat("VmSwap") - v0 < 1024, "data intact after swap in (%lu bad), VmSwap back to %ld kB", bad, vmstat("VmSwap"));
	/* without prefix, with rubbish between */
	long bad0 = stat_("swap_bad"), skip0 = stat_("swap_skipped");
	CHECK(swap_out(a, 256, "zzz\n%lx\n\n10000000000\n") == 256, "no prefix, rubbish and unmapped lines in between");
	CHECK(vmstat("VmSwap") - v0 >= 1000, "VmSwap %ld kB; swap_bad +%ld, swap_skipped +%ld", vmstat("VmSwap"), stat_("swap_bad") - bad0, stat_("swap_skipped") - skip0);
	/* THP */
	v0 = vmstat("VmSwap");
	unsigned long ta[16]; for (int i = 0; i < 16; i++) ta[i] = tl + i * SZ2M;
	swap_out(ta, 16, "%lx\n");
	CHECK(vmstat("VmSwap") - v0 >= 32 * 1024, "16 THPs: VmSwap %ld -> %ld kB", v0, vmstat("VmSwap"));

	/* --- 10. kernel_swap_enable */
	getfile("/sys/kernel/mm/swap/kernel_swap_enable", s, sizeof s);
	CHECK(!strcmp(s, "true"), "kernel_swap_enable reads %s", s);
	putfile("/sys/kernel/mm/swap/kernel_swap_enable", "false");
	getfile("/sys/kernel/mm/swap/kernel_swap_enable", s, sizeof s);
	CHECK(!strcmp(s, "false"), "kernel_swap_enable reads %s after writing false", s);
	mkdir("/sys/fs/cgroup/t", 0755);
	if (!access("/sys/fs/cgroup/t/memory.reclaim", F_OK) || (putfile("/sys/fs/cgroup/cgroup.subtree_control", "+memory") , !access("/sys/fs/cgroup/t/memory.reclaim", F_OK))) {
		long before, off, on;
		c = fork();
		if (!c) {
			putfile("/sys/fs/cgroup/t/cgroup.procs", "0");
			char *x = anon(32 << 20, 0); madvise(x, 32 << 20, MADV_NOHUGEPAGE); touch(x, 32 << 20, PG);
			before = vmstat("VmSwap");
			putfile("/sys/fs/cgroup/t/memory.reclaim", "20M"); off = vmstat("VmSwap");
			unsigned long one[1024]; for (int i = 0; i < 1024; i++) one[i] = (unsigned long)x + i * PG;
			swap_out(one, 1024, "%lx\n"); long forced = vmstat("VmSwap");
			putfile("/sys/kernel/mm/swap/kernel_swap_enable", "1");
			putfile("/sys/fs/cgroup/t/memory.reclaim", "20M"); on = vmstat("VmSwap");
			CHECK(off - before < 512, "kernel_swap_enable=false: memory.reclaim swaps %ld kB", off - before);
			CHECK(forced - off >= 4000, "kernel_swap_enable=false: swap_pages still swaps %ld kB", forced - off);
			CHECK(on - forced > 8192, "kernel_swap_enable=true: memory.reclaim swaps %ld kB", on - forced);
			_exit(fails > 100 ? 100 : fails);
		}
		waitpid(c, &st, 0); checks += 3; fails = WEXITSTATUS(st);
		rmdir("/sys/fs/cgroup/t");
	} else CHECK(0, "memory.reclaim not available");
	putfile("/sys/kernel/mm/swap/kernel_swap_enable", "1");

	/* --- 11. swap cache ioctls */
	fd = open("/proc/self/swap_pages", O_RDWR);
	unsigned w = 10 | (5 << 8);
	CHECK(ioctl(fd, SET_SWAPCACHE_WMARK, &w) == -1 && errno == EINVAL, "watermark low 10 high 5: EINVAL");
	w = 10 | (101 << 8);
	CHECK(ioctl(fd, SET_SWAPCACHE_WMARK, &w) == -1 && errno == EINVAL, "watermark high 101: EINVAL");
	w = 0 | (1 << 8);
	CHECK(!ioctl(fd, SET_SWAPCACHE_WMARK, &w) && stat_("swap_last_arg") == 0x100, "watermark low 0 high 1 (last arg %#lx)", stat_("swap_last_arg"));
	CHECK(!ioctl(fd, SET_SWAPCACHE_WMARK, (unsigned long)w) && stat_("swap_last_arg") == 0x100, "watermark by value too");
	for (unsigned long i = 0; i < np / 2; i++) a[i] = lo + i * PG;
	swap_out(a, np / 2, "%lx\n");
	long sum2 = 0; for (unsigned long i = 0; i < np / 2; i += 2) sum2 += m[i * PG];	/* read in: leaves swap cache */
	long sc0 = stat_("swapcache_pages");
	CHECK(!ioctl(fd, RECLAIM_SWAPCACHE_ON, &w), "RECLAIM_SWAPCACHE_ON");
	long sc1 = stat_("swapcache_pages");
	CHECK(sc1 < 512 || sc1 < sc0 / 4, "swap cache %ld -> %ld pages", sc0, sc1);
	CHECK(!ioctl(fd, RECLAIM_SWAPCACHE_OFF, &w), "RECLAIM_SWAPCACHE_OFF");
	close(fd);
	bad = 0;
	for (unsigned long i = 0; i < np; i++) bad += memcmp(m + i * PG + 8, &i, sizeof i) != 0;
	CHECK(!bad, "data intact after swap cache trimming (%lu bad)", bad);
	printf("%d checks, %d failed\n", checks, fails);
	return fails > 90 ? 90 : fails;
}
