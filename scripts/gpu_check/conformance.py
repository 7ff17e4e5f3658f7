"""The conformance tests (tests/python/conformance) on both devices: which give another result on one than on the other."""
import os
import re
import subprocess

RESULT = re.compile(r"^(\w+) \(([\w.]+)\)(?:\n.*?)? ?\.\.\. (ok|FAIL|ERROR|skipped)", re.M)


def results(python, folder, environment):
    """test -> ok, FAIL, ERROR or skipped; each file in a process of its own."""
    found = {}
    for file in sorted(folder.glob("*_test.py")):
        child = subprocess.run([python, "-B", str(file), "-v"], capture_output=True, text=True, env={**os.environ, **environment})
        for name, where, outcome in RESULT.findall(child.stderr):
            found[f"{file.stem}.{where.split('.')[-1] if where.endswith(name) is False else where.split('.')[-2]}.{name}"] = outcome
        if not any(key.startswith(f"{file.stem}.") for key in found):
            found[f"{file.stem}"] = f"no tests ran, exit status {child.returncode}"
    return found


def compare(python, folder, left, right):
    a, b = (results(python, folder, side.environment) for side in (left, right))
    return {"same": sorted(name for name in a if a[name] == b.get(name)),
            "different": [[name, a.get(name, "absent"), b.get(name, "absent")] for name in sorted({*a, *b})
                          if a.get(name) != b.get(name)]}
