#!/usr/bin/env python3
"""The installed tree, and the packages made of it: they work in place, hold what they should and know nothing of the machine that
built them.

    installed_tree_test.py BUILD_FOLDER CPACK [unittest arguments]
"""
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import unittest

BUILD, CPACK = pathlib.Path(sys.argv.pop(1)).resolve(), sys.argv.pop(1)
SOURCE = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = BUILD / "tests" / "packaging"
PREFIX = SCRATCH / "prefix"
RECORDING = SOURCE / "tests/golden/recordings/before-device-activity.headroom"
CACHE = dict(line.split("=", 1) for line in (BUILD / "CMakeCache.txt").read_text().splitlines() if re.match(r"HEADROOM_\w+:\w+=", line))
TORCH = CACHE["HEADROOM_TORCH:BOOL"] == "ON"
GUI = CACHE["HEADROOM_GUI:BOOL"] == "ON"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
               **{name: value for name, value in os.environ.items() if name.startswith("CCACHE")}, "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
CCACHE = ["ccache"] if shutil.which("ccache") else []  # what compiles here is the same each time


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, env=ENVIRONMENT, **options)


def output(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def elf_files(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            magic = file.read(4)
        if magic == b"\x7fELF":
            yield path


def search_path(elf):
    found = re.search(r"\(R(?:UN)?PATH\).*\[(.*)\]", output("readelf", "-d", elf))
    return [folder for folder in found.group(1).split(":") if folder] if found else []


class Tree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(PREFIX, ignore_errors=True)
        output("cmake", "--install", BUILD, "--prefix", PREFIX)

    def test_programs_work_in_place(self):
        self.assertIn("bert-base", output(PREFIX / "bin/headroom", "list", "models"))
        self.assertIn("peak", output(PREFIX / "bin/headroom", "report", RECORDING))
        self.assertRegex(output(PREFIX / "bin/headroom", "--version"), r"^headroom \d+\.\d+\.\d+\n")

    @unittest.skipUnless(TORCH, "built without Torch")
    def test_models_run_from_it(self):
        made = json.loads(output(PREFIX / "bin/headroom", "profile", "bert-tiny", "--device", "virtual:h100-80gb", "--format", "json"))
        self.assertEqual(made["runs"][0]["outcome"]["kind"], "ok")

    @unittest.skipUnless(GUI, "built without the viewer")
    def test_the_viewer_draws_from_it(self):
        folder = SCRATCH / "pictures"
        shutil.rmtree(folder, ignore_errors=True)
        output(PREFIX / "bin/headroom", "view", RECORDING, "--export", folder, "--views", "overview")
        self.assertTrue(any(folder.iterdir()))

    def test_nothing_is_looked_up_in_the_build_folder(self):
        found = list(elf_files(PREFIX))
        self.assertGreaterEqual(len(found), 1 + GUI)
        for elf in found:
            for folder in search_path(elf):
                self.assertFalse(folder.startswith(str(BUILD)), f"{elf} looks into {folder}")

    @unittest.skipUnless(TORCH, "built without Torch")
    def test_everything_that_headroom_looks_up_is_there(self):
        for part in ("bin/headroom-worker", "bin/headroom-setup-torch", "lib/headroom/virtual-gpu/headroom-virtual-gpu.so",
                     "lib/headroom/virtual-gpu/libcudart.so.13", "lib/headroom/headroom-attach.so",
                     "lib/headroom/python/site/sitecustomize.py", "lib/headroom/python/headroom_attach/built_for.py",
                     "lib/headroom/versions/worker.json", "share/headroom/torch.txt", "share/headroom/fetch_wheels.py"):
            self.assertTrue((PREFIX / part).exists(), part)

    def test_shared_files_are_there(self):
        for part in ("man/man1/headroom.1", "man/man1/headroom-profile.1", "bash-completion/completions/headroom",
                     "zsh/site-functions/_headroom", "fish/vendor_completions.d/headroom.fish", "headroom/devices.json",
                     "headroom/schema/report.schema.json", "doc/headroom/docs/cli.md",
                     "doc/headroom/examples/use_the_library/main.cpp"):
            self.assertTrue((PREFIX / "share" / part).is_file(), part)


class Library(unittest.TestCase):
    """What headroom-dev brings, apart from all else."""

    @classmethod
    def setUpClass(cls):
        cls.prefix = SCRATCH / "dev"
        shutil.rmtree(cls.prefix, ignore_errors=True)
        output("cmake", "--install", BUILD, "--prefix", cls.prefix, "--component", "dev")
        cls.include = cls.prefix / "include/headroom"

    def test_a_program_finds_builds_and_uses_it(self):
        build = SCRATCH / "use_the_library"
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if CCACHE else []
        output("cmake", "-G", "Ninja", "-S", SOURCE / "examples/use_the_library", "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}", *launcher)
        output("cmake", "--build", build)
        lines = output(build / "peak", RECORDING).splitlines()
        peak = json.loads(output(BUILD / "bin/headroom", "report", RECORDING, "--format", "json"))["runs"][0]
        categories = [line.split()[-1] for line in lines[1:lines.index("the largest layers:")]]
        self.assertEqual(sorted(categories), sorted(name for name, size in peak["at_peak"]["categories"].items() if size))

    def test_headers_include_only_what_is_installed_with_them(self):
        headers = sorted(self.include.rglob("*.h"))
        self.assertGreater(len(headers), 50)
        for header in headers:
            for name in re.findall(r'^#include "([^"]+)"', header.read_text(), re.M):
                self.assertTrue((self.include / name).is_file(), f"{header} includes {name}")
            self.assertNotRegex(header.read_text(), r"#include <(zstd|protozero)", str(header))

    def test_each_header_stands_alone(self):
        """A header whose source includes it first is known to; the others are compiled here, by themselves."""
        alone = []
        for header in sorted(self.include.rglob("*.h")):
            name = header.relative_to(self.include).as_posix()
            source = SOURCE / name.replace(".h", ".cpp")
            first = re.search(r'^#include ["<]([^">]+)', source.read_text(), re.M).group(1) if source.exists() else None
            if first != name:
                alone.append(name)
        folder = SCRATCH / "alone"
        folder.mkdir(parents=True, exist_ok=True)
        failed = []
        for name in alone:
            source = folder / f"{name.replace('/', '_')}.cpp"
            source.write_text(f'#include "{name}"\n')
            done = run(*CCACHE, "g++", "-std=c++20", "-I", self.include, "-c", source, "-o", source.with_suffix(".o"))
            if done.returncode != 0:
                failed.append(f"{name}: {done.stderr[:500]}")
        self.assertEqual(failed, [], f"of {alone}")


@unittest.skipUnless(shutil.which("dpkg-deb") and shutil.which("dpkg-shlibdeps"), "Debian's dpkg-dev is not installed")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = SCRATCH / "packages"
        shutil.rmtree(cls.folder, ignore_errors=True)
        cls.folder.mkdir(parents=True)
        output(CPACK, "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder, cwd=BUILD)

    def unpacked(self, package):
        (deb,) = self.folder.glob(f"{package}_*.deb")
        target = self.folder / "unpacked" / package
        target.mkdir(parents=True, exist_ok=True)
        output("dpkg-deb", "-x", deb, target)
        return target

    def control(self, package, field):
        (deb,) = self.folder.glob(f"{package}_*.deb")
        return output("dpkg-deb", "-f", deb, field).strip()

    def test_the_debian_package_works_where_it_is_unpacked(self):
        usr = self.unpacked("headroom") / "usr"
        self.assertIn("h100-80gb", output(usr / "bin/headroom", "list", "devices"))
        for part in ("share/man/man1/headroom.1.gz", "share/bash-completion/completions/headroom", "share/zsh/vendor-completions/_headroom",
                     "share/doc/headroom/copyright"):
            self.assertTrue((usr / part).is_file(), part)
        self.assertEqual(list(usr.rglob("*.a")) + list(usr.rglob("*.h")) + list(usr.rglob("headroom-viewer")), [])

    def test_each_program_has_a_page_and_each_package_its_papers(self):
        for package in ("headroom", "headroom-dev") + (("headroom-viewer",) if GUI else ()):
            usr = self.unpacked(package) / "usr"
            for program in (usr / "bin").glob("*"):
                self.assertTrue((usr / f"share/man/man1/{program.name}.1.gz").is_file(), program)
            papers = usr / "share/doc" / package
            with gzip.open(papers / "changelog.gz", "rt") as changelog:
                self.assertEqual(changelog.readline().split()[:2], ["headroom", f"({self.control(package, 'Version')})"])
            self.assertIn("No licence has been chosen yet", (papers / "copyright").read_text())
            self.assertTrue((usr / "share/lintian/overrides" / package).is_file(), package)

    def test_libraries_are_no_programs(self):
        for elf in elf_files(self.unpacked("headroom") / "usr/lib"):
            self.assertFalse(elf.stat().st_mode & 0o111, elf)

    def test_dependencies_are_debians_and_name_no_torch(self):
        self.assertRegex(self.control("headroom", "Depends"), r"libfmt9.*libzstd1")
        for package in ("headroom", "headroom-dev"):
            self.assertNotRegex(self.control(package, "Depends"), "torch|cuda|qt6")
        self.assertIn("nlohmann-json3-dev", self.control("headroom-dev", "Depends"))
        if GUI:
            self.assertRegex(self.control("headroom-viewer", "Depends"), r"libqt6svg6.*libqt6widgets6")

    @unittest.skipUnless(TORCH, "built without Torch")
    def test_a_package_knows_nothing_of_the_machine_that_built_it(self):
        usr = self.unpacked("headroom") / "usr"
        told = json.loads((usr / "lib/headroom/versions/worker.json").read_text())
        self.assertNotIn("torch_folder", told)
        self.assertEqual(search_path(usr / "bin/headroom-worker"), [f"$ORIGIN/../lib/headroom/torch-{told['torch']}/torch/lib"])
        for elf in elf_files(usr):
            self.assertNotIn(str(BUILD), "".join(search_path(elf)), elf)

    def test_the_archive_works_wherever_it_is_unpacked(self):
        (archive,) = self.folder.glob("headroom-*.tar.gz")
        target = self.folder / "elsewhere"
        with tarfile.open(archive) as tar:
            tar.extractall(target)
        (top,) = target.iterdir()
        self.assertIn("bert-base", output(top / "bin/headroom", "list", "models"))
        self.assertTrue((top / "lib/cmake/headroom/headroomConfig.cmake").is_file())
        self.assertEqual((top / "bin/headroom-viewer").exists(), GUI)


if __name__ == "__main__":
    unittest.main()
