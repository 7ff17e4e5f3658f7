"""shell_files_test.py WRITER - - LIBRARY SANITIZED: completions, manual pages and pages of the reference are whole or not there, and what
was there stays."""
from bench import Bench, Command, main

COMMANDS = [Command("shell files", ["out"]), Command("pages", ["--reference", "out"], lambda place, old: (place.work / "out").mkdir(exist_ok=True))]


class ShellFiles(Bench):
    def test_each_file_is_whole_or_what_it_was(self):
        for command in COMMANDS:
            reference = self.reference(command)
            numbers = {}
            for number, (kind, path) in enumerate(reference.calls, 1):
                numbers.setdefault(kind, []).append(number)
            faults = [(f"any:{numbers[kind][at]}:{error}", reason) for kind in ("open", "write", "sync", "rename") for at in (0, -1)
                      for error, reason in (("ENOSPC", "No space left on device"), ("EIO", "Input/output error"))]
            for fault, reason in faults + [("write:1+:ENOSPC", "No space left on device")]:
                reference.again()
                ended = reference.place.run(fault)
                self.expect(f"{command.name}: {fault}: {ended}", "" if ended.code == 3 and reason in ended.said else "it is not told",
                            reference.damage(), reference.recovers())
            reference.again()
            ended = reference.place.run(f"any:{numbers['rename'][-1]}:SIGKILL")
            self.expect(f"{command.name}: killed: {ended}", reference.damage(killed=True))


if __name__ == "__main__":
    main()
