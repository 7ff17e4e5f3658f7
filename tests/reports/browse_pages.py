#!/usr/bin/env python3
"""browse_pages.py FOLDER: opens every page of FOLDER in headless Chromium, presses everything on it (exercise_page.js),
and fails on a script error, on a number that does not add up, on text that is hard to read, or on what no keyboard reaches. Some
pages are opened in the dark, in a narrow window, and printed, too. No name of a host is resolved meanwhile."""
import concurrent.futures
import json
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


# The page in a frame as narrow as a telephone's window; what is wider than its own box must scroll there.
narrow = """<body><iframe style="width:360px;height:800px;border:0"></iframe><script>
const frame = document.querySelector("iframe");
frame.onload = () => {
  const inner = frame.contentDocument.documentElement;
  document.documentElement.dataset.exercised = inner.dataset.drawn !== "yes" ? "the narrow page was not drawn" : inner.scrollWidth > 361 ? "the page is " + inner.scrollWidth + " wide in a window of 360" : "well";
};
frame.srcdoc = PAGE;
</script></body>"""


# The same on A4 between its margins, where nothing can be scrolled or unfolded: what is wider than its panel is cut off,
# and the tensors that are listed and those that are said to be more are all there are.
paper = """<body><iframe style="width:703px;height:800px;border:0"></iframe><script>
const frame = document.querySelector("iframe");
frame.onload = () => {
  const inner = frame.contentDocument;
  frame.contentWindow.settle();
  const wide = [...inner.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth + 1);
  const all = Number(inner.documentElement.dataset.tensors);
  const more = Number((inner.querySelector("#tensors .on-paper").textContent.match(/^[\\d,]+/) || ["0"])[0].replaceAll(",", ""));
  const listed = inner.querySelectorAll("#tensors tbody tr").length;
  const onScreen = [...inner.querySelectorAll(".on-screen")].filter((box) => box.getClientRects().length > 0);
  document.documentElement.dataset.exercised = inner.documentElement.dataset.drawn !== "yes" ? "the page was not drawn"
    : wide.length > 0 ? wide.map((box) => box.id + " is " + box.scrollWidth + " wide where paper has " + box.clientWidth).join("; ")
    : listed + more !== all ? "paper has " + listed + " tensors and says " + more + " more of " + all
    : onScreen.length > 0 ? "paper has what is of screens: " + onScreen[0].textContent : "well";
};
frame.srcdoc = PAGE;
</script></body>"""

count = "document.documentElement.dataset.tensors = data.runs[0].tensors.length + data.runs[0].smaller.count"


def browse(folder, name, text, *more):
    page = pathlib.Path(folder) / name
    page.write_text(text)
    return subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--virtual-time-budget=5000",
         "--window-size=1200,900", *more, page.as_uri()],
        capture_output=True, text=True, errors="replace", timeout=120, check=False)


def problems_of(run):
    problems = re.findall(r"CONSOLE.*", run.stderr)
    verdict = re.search(r'<html[^>]*data-exercised="([^"]*)"', run.stdout)
    if verdict is None:
        problems.append("the page was not drawn" if run.returncode == 0 else f"the browser failed: {run.stderr[-500:]}")
    elif verdict.group(1) != "well":
        problems.append(verdict.group(1))
    return problems


def print_page(folder, text):
    file = pathlib.Path(folder) / "page.pdf"
    browse(folder, "printed.html", text, f"--print-to-pdf={file}")
    pages = len(re.findall(rb"/Type\s*/Page\b", file.read_bytes())) if file.exists() else 0
    return [] if pages else ["the page cannot be printed"]


def open_page(page):
    text = page.read_text()
    exercised = text.replace("</body>", f"<script>{exercise}</script></body>")
    with tempfile.TemporaryDirectory() as folder:
        problems = problems_of(browse(folder, "page.html", exercised, "--dump-dom"))
        if page.stem in looked_at_closely:
            framed = narrow.replace("PAGE", json.dumps(text).replace("</", "<\\/"))
            problems += ["narrow: " + found for found in problems_of(browse(folder, "narrow.html", framed, "--dump-dom"))]
            dark = browse(folder, "dark.html", exercised, "--blink-settings=preferredColorScheme=0", "--dump-dom")
            problems += ["dark: " + found for found in problems_of(dark)]
            problems += print_page(folder, text)
        if page.stem in put_on_paper:
            printed = text.replace("@media print", "@media all").replace("@media screen and", "@media print and")
            printed = printed.replace("</body>", f"<script>{count}</script></body>")
            framed = paper.replace("PAGE", json.dumps(printed).replace("</", "<\\/"))
            problems += ["paper: " + found for found in problems_of(browse(folder, "paper.html", framed, "--dump-dom"))]
    return [f"{page.name}: {problem}" for problem in problems]


looked_at_closely = {"mixed", "generate"}
put_on_paper = {"hostile", "profile", "traced", "traced-mixed"}
pages = sorted(pathlib.Path(sys.argv[1]).glob("*.html"))
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    problems = [problem for found in pool.map(open_page, pages) for problem in found]
print("\n".join(problems) or f"{len(pages)} pages drawn and exercised")
sys.exit(bool(problems) or not pages)
