#!/usr/bin/env python3
"""Brings the wheels of a list such as wheels.txt into a cache folder, unpacked, once.

    fetch_wheels.py CACHE_FOLDER LIST [PACKAGE_TO_LEAVE_OUT…]

Each file is looked up by name in the package index pip is configured to use, downloaded with resume, checked against
its sha256, unpacked beside its place and renamed there, and then deleted. A stamp with the hash and the unpacked parts marks it
done; files that are there already, equal, stay untouched, so that completing a cache makes no build stale.
"""
import filecmp
import hashlib
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zipfile

TRIES = 5


def pip_setting(name):
    value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if value:
        return value
    for section in ("install", "global"):
        found = subprocess.run([sys.executable, "-m", "pip", "config", "get", f"{section}.{name}"],
                               capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.strip()
    return None


def index_url():
    configured = pip_setting("index-url")
    if configured:
        return configured.rstrip("/")
    try:
        from pip._internal.models.index import PyPI
    except ImportError:  # no pip on this machine
        return "https://pypi.org/simple"
    return PyPI.simple_url.rstrip("/")


def open_url(url, headers):
    context = ssl.create_default_context(cafile=pip_setting("cert"))
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=context, timeout=60)


def find_url(package, filename):
    page = f"{index_url()}/{package}/"
    with open_url(page, {"Accept": "application/vnd.pypi.simple.v1+json"}) as answer:
        for file in json.load(answer)["files"]:
            if file["filename"] == filename:
                return urllib.parse.urljoin(page, file["url"])
    raise SystemExit(f"setup: {filename} is not in the package index {index_url()}")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def download_once(url, part):
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with open_url(url, headers) as answer:
        resumed = answer.status == 206
        total = int(answer.headers["Content-Length"]) + (have if resumed else 0)
        print(f"  {part.stem}: {'resuming at' if resumed else 'downloading,'} "
              f"{(have if resumed else total) >> 20} MiB{f' of {total >> 20} MiB' if resumed else ''}", flush=True)
        with open(part, "ab" if resumed else "wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
    if part.stat().st_size < total:
        raise OSError(f"the connection ended at byte {part.stat().st_size} of {total}")


def download(package, filename, want, wheel):
    part = wheel.with_name(wheel.name + ".part")
    for attempt in range(1, TRIES + 1):
        try:
            if not part.exists() or sha256(part) != want:
                download_once(find_url(package, filename), part)
            break
        except OSError as problem:
            code = getattr(problem, "code", None)
            if code == 416:  # the part is longer than the file: not ours
                part.unlink()
            elif attempt == TRIES:
                raise SystemExit(f"setup: could not download {filename}: {problem}; run again to resume")
            print(f"  {filename}: {problem}; trying again", flush=True)
            time.sleep(2 * attempt)
    if sha256(part) != want:
        part.unlink()
        raise SystemExit(f"setup: {filename} does not have the pinned sha256 {want}; it was deleted, run again")
    part.rename(wheel)


def unpack(wheel, folder, parts):
    staging = folder.with_name(f"{folder.name}.unpacking.{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.filename.startswith(tuple(parts)):
                archive.extract(entry, staging)
                if entry.external_attr >> 16 & 0o100:
                    (staging / entry.filename).chmod(0o755)
    for source in sorted(path for path in staging.rglob("*") if path.is_file()):
        target = folder / source.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_file() and filecmp.cmp(source, target, shallow=False):
            target.chmod(source.stat().st_mode)
        else:
            source.replace(target)
    shutil.rmtree(staging)


def bring(cache, package, version, filename, want, folder_name, parts=""):
    stamp = cache / "stamps" / f"{filename}.{want[:16]}"
    done = f"unpacked: {parts or 'all'}\n"
    if stamp.exists() and stamp.read_text() == done and (cache / folder_name).is_dir():
        print(f"  {package} {version}: already in {cache / folder_name}")
        return
    wheel = cache / filename
    if not wheel.exists() or sha256(wheel) != want:
        wheel.unlink(missing_ok=True)
        download(package, filename, want, wheel)
    unpack(wheel, cache / folder_name, parts.split(","))
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(done)
    wheel.unlink()
    print(f"  {package} {version}: unpacked into {cache / folder_name}")


def main():
    cache, wheels = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    for line in wheels.read_text().splitlines():
        if line and not line.startswith("#") and line.split()[0] not in sys.argv[3:]:
            bring(cache, *line.split())


if __name__ == "__main__":
    main()
