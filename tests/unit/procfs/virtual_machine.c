/*
 * virtual_machine.c: a process with 1000 descriptors that opens /dev/kvm after them. It says
 * "open", waits for a line, makes a virtual machine with a virtual CPU, says "ready" and waits for
 * its end.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
	struct rlimit limit = { 2000, 2000 };
	int kvm, vm, cpu;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	for (int i = 0; i < 1000; i++)
		dup(2);
	kvm = open("/dev/kvm", O_RDWR);
	puts("open");
	fflush(stdout);
	getchar();
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0) == MAP_FAILED)
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
