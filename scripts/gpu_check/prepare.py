"""What a bare machine lacks, gathered on one that has it: headers and small libraries of Debian packages, CUDA's headers."""
import pathlib
import shutil
import subprocess

PACKAGES = ["libfmt-dev", "libfmt9", "nlohmann-json3-dev", "libcli11-dev", "libtomlplusplus-dev", "libtomlplusplus3", "libzstd-dev", "libprotozero-dev", "libcairo2-dev", "libgtest-dev", "libgmock-dev"]
LIMIT_BYTES = 60 << 20


class CannotPrepare(Exception):
    pass


def package_files(package):
    listing = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True)
    if listing.returncode:
        raise CannotPrepare(f"the Debian package {package} is not installed here: run scripts/setup first")
    for line in listing.stdout.splitlines():
        path = pathlib.Path(line)
        if "/doc/" not in line and "/man/" not in line and "/usr/src/" not in line and (path.is_file() or path.is_symlink()):
            yield path


def copy(path, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and "/" not in str(path.readlink()):
        target.unlink(missing_ok=True)
        target.symlink_to(path.readlink())
    else:
        shutil.copy2(path, target)


def size_of(folder):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def prepare(kit, cuda_include):
    if not (cuda_include / "cuda_runtime_api.h").exists():
        raise CannotPrepare(f"no CUDA headers in {cuda_include}: run scripts/setup first")
    shutil.rmtree(kit, ignore_errors=True)
    for package in PACKAGES:
        for path in package_files(package):
            copy(path, kit / path.relative_to("/"))
    shutil.copytree(cuda_include, kit / "cuda" / "include")
    size = size_of(kit)
    if size > LIMIT_BYTES:
        raise CannotPrepare(f"{kit} has {size >> 20} MiB, more than the {LIMIT_BYTES >> 20} that travel")
    return size


def cmake_options(kit):
    """Packages are named one by one: where CMake looks inside a prefix differs between distributions."""
    if not kit.exists():
        return []
    cmake = {file.name.lower(): file.parent for file in kit.rglob("*onfig.cmake")}
    options = [f"-DHEADROOM_CUDA_DIR={kit / 'cuda'}", f"-DCMAKE_PREFIX_PATH={kit / 'usr'}"]
    for package in ("fmt", "nlohmann_json", "CLI11", "GTest"):
        folder = cmake.get(f"{package.lower()}config.cmake") or cmake.get(f"{package.lower()}-config.cmake")
        if folder:
            options.append(f"-D{package}_DIR={folder}")
    for library in kit.rglob("libzstd.a"):
        options += [f"-DHEADROOM_ZSTD_LIBRARY={library}", f"-DHEADROOM_ZSTD_INCLUDE={kit / 'usr/include'}"]
    return options
