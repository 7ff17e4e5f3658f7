"""viewer_test.py VIEWER WORKER PROGRAM LIBRARY SANITIZED RECORDING: what --export writes is whole or not there, and what was there stays."""
import pathlib
import sys

from bench import SANITIZED, Bench, Command

RECORDING = pathlib.Path(sys.argv[6])
sys.argv[6:7] = []
from bench import main  # noqa: E402

EXPORT = Command("export", ["--export", "out", "--views", "overview,layers", "--formats", "csv,svg", str(RECORDING)],
                 variables={"QT_QPA_PLATFORM": "offscreen"})


class Viewer(Bench):
    def test_export(self):
        reference = self.reference(EXPORT)
        files = [number for number, (kind, path) in enumerate(reference.calls, 1) if kind == "rename"]
        kinds = {kind: number for number, (kind, path) in enumerate(reference.calls, 1)}  # the last of each
        faults = [(f"any:{files[0]}:EIO", "Input/output error"), ("write:2+:ENOSPC", "No space left on device"),
                  (f"any:{kinds['open']}:ENOSPC", "No space left on device"), (f"any:{kinds['sync']}:EIO", "Input/output error")]
        for fault, reason in faults:
            reference.again()
            ended = reference.place.run(fault)
            self.expect(f"{fault}: {ended}", "" if ended.code == 3 and reason in ended.said else "it is not told", reference.damage(),
                        reference.recovers())
        reference.again()
        ended = reference.place.run(f"any:{files[-1]}:SIGKILL")
        self.expect(f"killed: {ended}", reference.damage(killed=True), reference.recovers() if not SANITIZED else "")


if __name__ == "__main__":
    main()
