#!/usr/bin/env python3
"""The wheel cache against a package index of our own on the loopback address."""
import contextlib
import hashlib
import http.server
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import fetch_wheels

fetch_wheels.time.sleep = lambda _: None  # no pause between tries
NAME = "sample-1.0-py3-none-any.whl"


def make_wheel():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("sample/lib/a.so", os.urandom(200_000))
        archive.writestr("sample/other/b.py", "unused")
        archive.writestr("torch/lib/libtorch_cpu.so", "a library")
        archive.writestr("torch/nn/linear.py", "unused")
        tool = zipfile.ZipInfo("sample/bin/tool")
        tool.external_attr = 0o755 << 16
        archive.writestr(tool, "#!/bin/sh\n")
    return data.getvalue()


class Index(http.server.BaseHTTPRequestHandler):
    wheel, cut_at, ranges = b"", None, []

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/simple/sample/":
            body = json.dumps({"files": [{"filename": NAME, "url": f"/files/{NAME}"}]}).encode()
            return self.answer(200, body, len(body))
        start = 0
        if asked := self.headers.get("Range"):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            Index.ranges.append(start)
        body = Index.wheel[start:]
        sent = body[: Index.cut_at] if Index.cut_at else body
        Index.cut_at = None
        self.answer(206 if start else 200, sent, len(body))

    def answer(self, status, body, length):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


class FetchWheels(unittest.TestCase):
    def setUp(self):
        Index.wheel, Index.cut_at, Index.ranges = make_wheel(), None, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        os.environ["PIP_INDEX_URL"] = f"http://127.0.0.1:{self.server.server_port}/simple"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.cache = pathlib.Path(folder.name)
        self.want = hashlib.sha256(Index.wheel).hexdigest()

    def bring(self, want=None, parts="sample/lib/"):
        with contextlib.redirect_stdout(io.StringIO()):
            fetch_wheels.bring(self.cache, "sample", "1.0", NAME, want or self.want, "sample-1.0", parts)

    def test_unpacks_the_named_parts_and_keeps_nothing_else(self):
        self.bring()
        files = sorted(p.relative_to(self.cache).as_posix() for p in self.cache.rglob("*") if p.is_file())
        self.assertEqual(files, ["sample-1.0/sample/lib/a.so", f"stamps/{NAME}.{self.want[:16]}"])

    def test_a_second_run_downloads_nothing(self):
        self.bring()
        self.server.shutdown()
        self.bring()

    def test_a_cache_that_lacks_parts_is_completed_and_what_was_there_stays_untouched(self):
        self.bring()
        library = self.cache / "sample-1.0/sample/lib/a.so"
        before = library.stat()
        self.bring(parts="")
        self.assertTrue((self.cache / "sample-1.0/sample/other/b.py").exists())
        self.assertEqual((library.stat().st_ino, library.stat().st_mtime_ns), (before.st_ino, before.st_mtime_ns))

    def test_what_can_be_executed_in_the_wheel_can_be_executed_in_the_cache(self):
        self.bring(parts="")
        self.assertTrue(os.access(self.cache / "sample-1.0/sample/bin/tool", os.X_OK))
        self.assertFalse(os.access(self.cache / "sample-1.0/sample/other/b.py", os.X_OK))

    def test_a_stamp_that_says_no_parts_counts_as_incomplete(self):
        self.bring()
        (self.cache / "stamps" / f"{NAME}.{self.want[:16]}").write_text("")
        self.bring()
        self.assertEqual(len(Index.ranges), 0)  # a whole file each time: no Range was asked

    def test_a_cut_connection_is_resumed_where_it_ended(self):
        Index.cut_at = 1000
        self.bring()
        self.assertEqual(Index.ranges, [1000])
        self.assertTrue((self.cache / "sample-1.0/sample/lib/a.so").exists())

    def test_an_interrupted_run_is_resumed_by_the_next(self):
        (self.cache / f"{NAME}.part").write_bytes(Index.wheel[:5000])
        self.bring()
        self.assertEqual(Index.ranges, [5000])

    def test_a_wrong_hash_is_refused_and_deleted(self):
        with self.assertRaises(SystemExit) as stop:
            self.bring(want="0" * 64)
        self.assertIn("does not have the pinned sha256", str(stop.exception))
        self.assertEqual([p for p in self.cache.iterdir()], [])

    def test_an_installed_headroom_fetches_its_torch_for_one_or_for_all(self):
        prefix, source = self.cache / "usr", pathlib.Path(fetch_wheels.__file__)
        (prefix / "bin").mkdir(parents=True)
        (prefix / "share/headroom").mkdir(parents=True)
        program = shutil.copy(source.parents[1] / "packaging/setup_torch.py", prefix / "bin/headroom-setup-torch")
        shutil.copy(source, prefix / "share/headroom")
        pinned = f"sample 1.0 {NAME} {self.want} torch-1.0 torch/lib/,torch/version.py\n"
        (prefix / "share/headroom/torch.txt").write_text(pinned)
        environment = {**os.environ, "HOME": str(self.cache / "home"), "HEADROOM_CACHE_DIR": "", "XDG_CACHE_HOME": ""}

        def setup(*arguments):
            return subprocess.run([sys.executable, program, *arguments], env=environment, capture_output=True, text=True)

        self.assertEqual(setup("--systm").returncode, 2)
        for arguments, folder in (((), self.cache / "home/.cache/headroom"), (("--system",), prefix / "lib/headroom")):
            self.assertEqual(setup(*arguments).returncode, 0)
            torch = folder / "torch-1.0/torch"
            self.assertEqual([p.name for p in torch.rglob("*") if p.is_file()], ["libtorch_cpu.so"])
            self.assertIn("is already in", setup(*arguments).stdout)


if __name__ == "__main__":
    unittest.main()
