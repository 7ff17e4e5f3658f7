"""disk_test.py HEADROOM WORKER PROGRAM LIBRARY SANITIZED: every call on a file fails once, in every way it can, and nothing is lost."""
import collections
import os

from bench import EVERYTHING, SANITIZED, Bench, main
import commands

WHY = {"ENOSPC": "No space left on device", "EIO": "Input/output error"}
# What can be tried again, and what may come in parts.
INTERRUPTED = ("open", "write", "sync", "close", "read")
IN_PARTS = ("write", "read")
CHANGING = ("open", "write", "sync", "rename")
SIGNALS = {"SIGTERM": -15, "SIGKILL": -9, "SIGINT": -2, "SIGHUP": -1}


def alike(calls):
    """The first of those that are alike, and the last of those that change something, by their numbers; and whether it is the first."""
    groups = collections.defaultdict(list)
    for number, (kind, path) in enumerate(calls, 1):
        folder = os.path.dirname(path)
        groups[kind, "tmp" if "/tmp/headroom-" in path else folder].append((number, kind, path))
    for group in groups.values():
        last = group[1:][-1:] if group[0][1] in CHANGING else []
        for call in group if EVERYTHING else [*group[:1], *last]:
            yield *call, EVERYTHING or call is group[0]


def errors_of(number):
    return list(WHY) if EVERYTHING else [list(WHY)[number % 2]]


class Disk(Bench):
    def fails(self, reference, number, kind, error):
        ended = self.again(reference, f"any:{number}:{error}")
        what = f"{reference.place.command.name}: call {number}, {kind}, fails with {error}: {ended}"
        # A worker's recording that cannot be read makes reports that say so.
        one_of_many = reference.calls[number - 1][1].startswith(str(reference.place.tmp))
        well = reference.is_result(ended)
        killed = kind in ("unlink", "list") or (kind == "look" and one_of_many)  # what cannot be removed stays
        # What is only looked at may be told and be no reason to stop.
        codes = (2, 3, reference.ended.code) if kind in ("look", "read") else (2, 3)
        told = ended.code in codes and WHY[error] in ended.said and "unexpected" not in ended.said
        self.expect(what, "" if well or told or (killed and ended.code == reference.ended.code) else "it is not told",
                    reference.damage(any_report=one_of_many, killed=killed), reference.recovers())

    def again(self, reference, fault):
        reference.again()
        return reference.place.run(fault)

    def goes_on(self, reference, number, kind, effect):
        ended = self.again(reference, f"any:{number}:{effect}")
        what = f"{reference.place.command.name}: call {number}, {kind}, {effect}: {ended}"
        self.expect(what, "" if reference.is_result(ended) else "it makes a difference", reference.damage())

    def dies(self, reference, number, kind, signal):
        ended = self.again(reference, f"any:{number}:{signal}")
        what = f"{reference.place.command.name}: {signal} before call {number}, {kind}: {ended}"
        self.expect(what, "" if ended.code == SIGNALS[signal] else "it ends otherwise", reference.damage(killed=signal == "SIGKILL",
                                                                                                  any_report=reference.place.command.name == "fit"),
                    reference.recovers())

    def fault_by_fault(self, command):
        reference = self.reference(command)
        self.assertGreater(len(reference.calls), 0)
        chosen = list(alike(reference.calls))
        for place_in_list, (number, kind, path, first) in enumerate(chosen):
            if SANITIZED and place_in_list % 4:
                continue
            with self.subTest(call=number):
                for error in errors_of(place_in_list):
                    self.fails(reference, number, kind, error)
                if first:
                    self.interrupts(reference, place_in_list, number, kind)

    def interrupts(self, reference, place_in_list, number, kind):
        effects = [e for e, kinds in (("EINTR", INTERRUPTED), ("short", IN_PARTS)) if kind in kinds]
        for effect in effects if EVERYTHING else effects[-1:]:
            self.goes_on(reference, number, kind, effect)
        if kind in CHANGING or EVERYTHING:
            for signal in SIGNALS if EVERYTHING else [list(SIGNALS)[place_in_list % len(SIGNALS)]]:
                self.dies(reference, number, kind, signal)

    def test_a_file_that_cannot_be_written_costs_no_other(self):
        for command in commands.SEVERAL:
            reference = self.reference(command)
            after = {n: c for n, c in reference.after.items() if n.startswith(("out/", "budgets.baselines/"))}
            for number, (kind, path) in enumerate(reference.calls, 1):
                name = os.path.relpath(path, reference.place.work)
                if kind != "rename" or name not in after or "/runs/" in name or "/training/" in name:
                    continue  # what is kept as it ends is another matter: a sweep that can keep nothing stops
                ended, files = self.again(reference, f"any:{number}:EIO"), reference.place.files()
                others = [n for n, c in after.items() if n != name and files.get(n) != c]
                told = ended.code == 3 and WHY["EIO"] in ended.said and os.path.basename(name) in ended.said
                self.expect(f"{command.name}: {name} cannot be written: {ended}", "" if told else "it is not told",
                            f"{others} are not written" if others else "",
                            "" if files.get(name) == reference.before.get(name) else "it is changed all the same",
                            "" if command.tells_changes or ended.out == reference.ended.out else "the result is not shown",
                            reference.damage(), reference.recovers())

    def test_a_disk_that_stays_full_keeps_all_that_was_there(self):
        for command in commands.ALL:
            reference = self.reference(command)
            if not any(kind == "write" for kind, path in reference.calls):
                continue
            ended = self.again(reference, "write:1+:ENOSPC")
            told = ended.code == 3 and WHY["ENOSPC"] in ended.said
            self.expect(f"{command.name}: {ended}", "" if told else "it is not told", reference.damage(any_report=True),
                        reference.recovers())

    def test_a_write_that_writes_nothing_is_an_error_and_no_endless_loop(self):
        for command in (commands.PROFILE, commands.STDOUT, commands.CHECK):
            reference = self.reference(command)
            ended = self.again(reference, "write:1+:zero")
            self.expect(f"{command.name}: {ended}", "" if ended.code == 3 and WHY["EIO"] in ended.said else "it is not told",
                        reference.damage(), reference.recovers())


for each in commands.ALL:
    setattr(Disk, f"test_{each.name}", lambda self, command=each: self.fault_by_fault(command))

if __name__ == "__main__":
    main()
