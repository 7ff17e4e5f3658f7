"""The conformance tests (tests/python/conformance) on both devices: which give another result on one than on the other."""
import os
import re
import subprocess

RESULT = re.compile(r"^(\w+) \([\w.]+\)(?:\n.*)? \.\.\. (ok|FAIL|ERROR|skipped)", re.M)


def results(python, folder, environment):
    """FILE.TEST -> ok, FAIL, ERROR or skipped; each file in a process of its own."""
    found = {}
    for file in sorted(folder.glob("*_test.py")):
        child = subprocess.run([python, "-B", str(file), "-v"], capture_output=True, text=True, env={**os.environ, **environment})
        outcomes = {f"{file.stem}.{name}": outcome for name, outcome in RESULT.findall(child.stderr)}
        found |= outcomes or {file.stem: f"no tests, exit status {child.returncode}"}
    return found


def compare(python, folder, left, right):
    a, b = (results(python, folder, side.environment) for side in (left, right))
    return {"same": sorted(name for name in a if a[name] == b.get(name)),
            "different": [[name, a.get(name, "absent"), b.get(name, "absent")] for name in sorted({*a, *b})
                          if a.get(name) != b.get(name)]}
