/*
 * kitlab-runner: started by kitlabd with a socket at fd 3, for one script.
 * See runner.h.
 */
#include "runner.h"

#include <stdio.h>
#include <sys/socket.h>

int main(void)
{
	int type = 0;
	socklen_t length = sizeof(type);

	if (getsockopt(WIRE_FD, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
		type != SOCK_SEQPACKET) {
		fputs("kitlab-runner is started by kitlabd, not by hand.\n"
		      "To run a script: kitlab run FILE.lua\n",
			stderr);
		return 2;
	}
	runner_main(WIRE_FD);
}
