"""python fork_server.py SOCKET IMPORTS: imports, and forks scripts that others ask for (`forks`).

For each order a keeper is forked, which forks the script, tells its number, waits for it and tells
how it ended. Both leave `wait_for_order`, so that Python ends behind a script as it always does.
"""

from __future__ import annotations

import array
import gc
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path


def wait_for_order(listener):
    """Returns the connection of an order, in a process that was forked for it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        if sys.stdin in select.select([listener, sys.stdin], [], [])[0]:
            os._exit(0)  # whoever started this has gone
        connection = listener.accept()[0]
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            return connection
        connection.close()


def read_order(connection):
    """Returns what is to be done, and the files that the script takes for its own."""
    _, passed, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(12))
    with connection.makefile() as stream:
        return json.loads(stream.readline()), array.array("i", passed[0][2])


def keep(script, connection, files):
    """Waits for the script's end, and ends too."""
    for file in files:
        os.close(file)
    connection.sendall(f"{script}\n".encode())
    status = os.waitpid(script, 0)[1]
    ended = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    connection.sendall(f"{ended}\n".encode())
    os._exit(0)


def become(order, files):
    """Makes this process the one that was ordered."""
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(order["directory"])
    # TensorFlow, which is imported, has set some of its own.
    kept = {name: value for name, value in os.environ.items() if name.startswith("TF_")}
    os.environ.clear()
    os.environ.update({**kept, **order["environment"]})
    sys.argv[:] = order["arguments"]


if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).resolve().parents[1]))
    exec(sys.argv[2])
    gc.freeze()  # what is shared with those that are forked is not written to
    connection = wait_for_order(socket.socket(fileno=int(sys.argv[1])))
    order, files = read_order(connection)
    script = os.fork()
    if script:
        keep(script, connection, files)
    connection.close()
    become(order, files)
    exec(compile(order["code"], "script", "exec"), {"__name__": "__main__"})
