/*
 * crowd.c: the first process of a PID namespace with many others, and the parent of a command. The
 * others wait. Of NAMES times EACH of them the names are crowd-0, crowd-1 and so on, the rest are
 * called bystander.
 *
 * gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -o crowd crowd.c
 * unshare --pid --fork --mount-proc --kill-child crowd ALL NAMES EACH COMMAND...
 *
 * Starts COMMAND once all of them are there, passes SIGTERM on to it, and ends as it does.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t command;

static void pass_on(int number)
{
	kill(command, number);
}

static void wait_for_ever(long number, long named, long names)
{
	char name[16];

	snprintf(name, sizeof(name), number < named ? "crowd-%ld" : "bystander", number % names);
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	long all, names, each;
	int status;
	pid_t ended;

	if (argc < 5)
		return 2;
	all = strtol(argv[1], NULL, 10);
	names = strtol(argv[2], NULL, 10);
	each = strtol(argv[3], NULL, 10);
	if (names < 1)
		return 2;
	for (long i = 0; i < all; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid == 0)
			wait_for_ever(i, names * each, names);
	}
	command = fork();
	if (command == 0) {
		execvp(argv[4], argv + 4);
		perror(argv[4]);
		_exit(127);
	}
	signal(SIGTERM, pass_on);
	while ((ended = wait(&status)) != command || ended < 0)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
