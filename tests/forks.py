"""Processes that begin where Python has started and has imported: seconds of each are spared.

They are forked from one of two processes that do nothing else (`fork_server`), and are killed and
end as any. Like processes that are started one by one, those two differ in the order of sets.
"""

from __future__ import annotations

import array
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FORKS = sys.platform == "linux"  # elsewhere TensorFlow may not be forked


def order(address, files, code, environment, arguments=("-c",)):
    """Has a script run in this folder with three files of its own; returns the connection."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    passed = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files).tobytes())
    connection.sendmsg([b"-"], [passed])
    what = {"code": code, "environment": environment, "arguments": arguments}
    connection.sendall(json.dumps(dict(what, directory=str(Path.cwd()))).encode() + b"\n")
    return connection


class Child:
    """A script that runs, with what is needed of subprocess.Popen."""

    def __init__(self, connection):
        self._connection, self._ended = connection, None
        self.pid = self._number()

    def _number(self):
        digits = b""
        while not digits.endswith(b"\n"):
            more = self._connection.recv(1)
            if not more:
                raise EOFError("what scripts are forked from has ended")
            digits += more
        return int(digits)

    def poll(self):
        """Returns the exit code, minus the signal that ended it, None while it runs."""
        if self._ended is None and select.select([self._connection], [], [], 0)[0]:
            self._ended = self._number()
            self._connection.close()
        return self._ended

    def wait(self, timeout=600.0):
        """Waits for the end and returns the exit code."""
        give_up = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > give_up:
                raise subprocess.TimeoutExpired("script", timeout)
            time.sleep(0.01)
        return self._ended

    def kill(self):
        """Kills it if it runs."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """Starts scripts, in turn from one and the other of two processes that import the same."""

    def __init__(self, imports):
        self._imports, self._servers, self._started = imports, [], 0
        self._folder = Path(tempfile.mkdtemp()) if FORKS else None

    def addresses(self):
        """Returns where scripts can be ordered."""
        if not self._servers:
            self._servers = [self._serve(str(self._folder / name)) for name in "ab"]
        return [str(self._folder / name) for name in "ab"]

    def _serve(self, address):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen(9)
            number = listener.fileno()
            command = [sys.executable, str(HERE / "fork_server.py"), str(number), self._imports]
            return subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[number])

    def start(self, code, log, environment=()):
        """Starts a script; what it writes is added to the file `log`."""
        environment = {**os.environ, **dict(environment)}
        with Path(os.devnull).open() as nothing, Path(log).open("ab") as stream:
            if not FORKS:
                code = f"import sys\nsys.path[:0] = {[str(HERE), str(HERE.parent)]!r}\n{code}"
                command = [sys.executable, "-c", code]
                return subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
            self._started += 1
            address = self.addresses()[self._started % 2]
            files = [nothing.fileno(), stream.fileno(), stream.fileno()]
            return Child(order(address, files, code, environment))

    def command(self, path, code):
        """Writes a program that runs a script, with the arguments that it is given itself."""
        words = [sys.executable, "-c", code]
        if FORKS:
            words[1:2] = [__file__, ":".join(self.addresses())]
        line = 'exec {} "$@"'.format(" ".join(map(shlex.quote, words)))
        path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        path.chmod(0o755)

    def close(self):
        """Ends the processes that were forked from; those that were started are left alone."""
        for server in self._servers:
            server.communicate()
        if self._servers:
            for address in self.addresses():
                Path(address).unlink()
        if self._folder:
            self._folder.rmdir()


# As a command: has a script run that gets the arguments.
if __name__ == "__main__":
    addresses, code, *words = sys.argv[1:]
    address = addresses.split(":")[os.getpid() % 2]
    running = Child(order(address, [0, 1, 2], code, dict(os.environ), ["-c", *words]))
    sys.exit(running.wait())
