#!/usr/bin/env python3
"""browse_pages.py FOLDER: opens every page of FOLDER in headless Chromium, presses everything on it (exercise_page.js),
and fails on a script error or on a number that does not add up."""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if browser is None:
    print("skipped: needs Chromium")
    sys.exit(77)

exercise = (pathlib.Path(__file__).parent / "exercise_page.js").read_text()


def open_page(page):
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "page.html"
        copy.write_text(page.read_text().replace("</body>", f"<script>{exercise}</script></body>"))
        run = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile",
             "--enable-logging=stderr", "--virtual-time-budget=5000", "--window-size=1200,900", "--dump-dom", copy.as_uri()],
            capture_output=True, text=True, errors="replace", timeout=120, check=False)
    problems = re.findall(r"CONSOLE.*", run.stderr)
    verdict = re.search(r'<html[^>]*data-exercised="([^"]*)"', run.stdout)
    if verdict is None:
        problems.append("the page was not drawn" if run.returncode == 0 else f"the browser failed: {run.stderr[-500:]}")
    elif verdict.group(1) != "well":
        problems.append(verdict.group(1))
    return [f"{page.name}: {problem}" for problem in problems]


pages = sorted(pathlib.Path(sys.argv[1]).glob("*.html"))
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    problems = [problem for found in pool.map(open_page, pages) for problem in found]
print("\n".join(problems) or f"{len(pages)} pages drawn and exercised")
sys.exit(bool(problems) or not pages)
