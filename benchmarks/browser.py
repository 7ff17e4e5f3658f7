"""A page in headless Chromium, measured from inside: files from memory over a server of this machine alone, what a page posts to
/found, and the most memory that the page's process ever held."""
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

FOUND = "window.addEventListener('error', e => tell({trouble: e.message}));" \
    "window.addEventListener('unhandledrejection', e => tell({trouble: String(e.reason)}));" \
    "const tell = found => fetch('/found', {method: 'POST', body: JSON.stringify(found)});" \
    "const processor = () => { const asked = new XMLHttpRequest(); asked.open('GET', '/processor', false); asked.send(); return asked.responseText / 1e6; };" \
    "const frame = () => new Promise(requestAnimationFrame);"


def chromium():
    return shutil.which("chromium") or shutil.which("google-chrome")


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def number(pattern, text):
    return float(re.search(pattern, text).group(1))


def serve(files):
    """`files` ({path: (type, bytes or what gives them)}) on a free port of this machine; what the page found is in .found once .is_done is set."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            kind, content = files.get(self.path, (None, b""))
            content = content() if callable(content) else content
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self):
            self.server.found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()
            self.server.is_done.set()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.is_done = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def renderers(profile):
    """The folders in /proc of the browser's processes that show pages, of those of `profile`."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if "--type=renderer" in command and str(profile) in command:
            yield process


def most_memory_mib(profile):
    """Of the process that shows the page: the one that held most."""
    most = 0
    for process in renderers(profile):
        try:
            most = max(most, number(r"VmHWM:\s+(\d+)", (process / "status").read_text()) / 1024)
        except (OSError, AttributeError):
            continue
    return most


class PageThread:
    """The processor time, in ns, of the thread that runs the page's scripts, lays it out and paints it. The browser keeps a process ready
    for another page, which does nothing and is counted with it: which is which cannot be told from outside."""
    def __init__(self, profile):
        self.profile, self.processes = profile, []

    def time(self):
        read = lambda process: int((process / "task" / process.name / "schedstat").read_text().split()[0])
        self.processes = self.processes or list(renderers(self.profile))
        return str(sum(map(read, self.processes))).encode()


def visit(program, files, timeout, flags=()):
    """Opens / of `files` and waits for what it finds, which comes back with "memory" (MiB), or with "trouble" that there was."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        server = serve({**files, "/processor": ("text/plain", PageThread(profile).time)})
        browser = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-frame-rate-limit", "--disable-gpu-vsync",
             "--no-first-run", f"--user-data-dir={profile}", "--window-size=1600,1100", *flags,
             f"http://127.0.0.1:{server.server_address[1]}/"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        most, end = 0.0, time.monotonic() + timeout
        while not server.is_done.wait(0.25) and browser.poll() is None and time.monotonic() < end:
            most = max(most, most_memory_mib(profile))
        most = max(most, most_memory_mib(profile))
        browser.terminate()
        browser.wait()
    server.shutdown()
    found = server.found if server.is_done.is_set() else {"trouble": f"not drawn within {timeout} s"}
    return {**found, "memory": most}
