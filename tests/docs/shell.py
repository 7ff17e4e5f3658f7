"""One shell with a terminal of its own, as a reader has it who types a page's commands one after the other."""
import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import time

ROWS, COLUMNS = 50, 120
# Between what a command wrote and its exit code: control characters that no output has.
MARK = re.compile(rb"\n\x1e(\d+)\x1e\n")
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\^_])")


class ShellError(Exception):
    """A command that did not end, or ended the shell."""


class Shell:
    def __init__(self, folder, environment):
        self._terminal, terminal_of_shell = pty.openpty()
        fcntl.ioctl(terminal_of_shell, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        modes = termios.tcgetattr(terminal_of_shell)
        modes[1] &= ~termios.OPOST  # a line's end stays "\n"
        termios.tcsetattr(terminal_of_shell, termios.TCSANOW, modes)
        self._bash = subprocess.Popen(["bash", "--norc", "--noprofile"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                      stdout=terminal_of_shell, stderr=terminal_of_shell, start_new_session=True)
        os.close(terminal_of_shell)
        self._code = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self._bash.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._bash.wait()
        self._bash.stdin.close()
        os.close(self._terminal)

    def run(self, command, seconds):
        """(what it wrote, as the terminal shows it at its end; its exit code)."""
        script = f"(exit {self._code}); eval {shlex.quote(command)} </dev/null\nprintf '\\n\\036%d\\036\\n' $?\n"
        try:
            self._bash.stdin.write(script.encode())
            self._bash.stdin.flush()
        except BrokenPipeError:
            raise ShellError("the shell has ended") from None
        written = b""
        deadline = time.monotonic() + seconds
        while not (mark := MARK.search(written)):
            ready, _, _ = select.select([self._terminal], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise ShellError(f"it did not end within {seconds} seconds, having written:\n{rendered(written)}")
            try:
                part = os.read(self._terminal, 65536)
            except OSError:  # so a terminal says that nobody is left at its other end
                part = b""
            if not part:
                raise ShellError(f"it ended the shell, having written:\n{rendered(written)}")
            written += part
        self._code = int(mark[1])
        return rendered(written[:mark.start()]), self._code


def rendered(written):
    """What stays on the screen: a line of progress that was rewritten in place and cleared is gone, as are colours."""
    return "\n".join(_line(line) if "\r" in line or "\x1b" in line else line
                     for line in written.decode(errors="replace").split("\n"))


def _line(text):
    shown = []
    column = position = 0
    while position < len(text):
        if escape := ESCAPE.match(text, position):
            if escape[0] in ("\x1b[K", "\x1b[0K"):
                del shown[column:]
            elif escape[0] == "\x1b[2K":
                shown[:] = [" "] * column
            position = escape.end()
            continue
        if text[position] == "\r":
            column = 0
        else:
            shown[column:column + 1] = text[position]
            column += 1
        position += 1
    return "".join(shown)
