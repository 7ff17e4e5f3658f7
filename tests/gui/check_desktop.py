#!/usr/bin/env python3
"""check_desktop.py SOURCE_FOLDER: what the desktop is told of the viewer obeys the desktop's own checkers, and agrees with
the program: kinds of files, magic bytes, icon. Skips what is not installed, saying so."""
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

source = pathlib.Path(sys.argv[1])
desktop = source / "gui" / "desktop"
failures, skipped = [], []


def check(tool, *arguments):
    if shutil.which(tool) is None:
        skipped.append(tool)
        return
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        failures.append(f"{tool}: {done.stdout}{done.stderr}")


check("desktop-file-validate", desktop / "headroom-viewer.desktop")
check("appstreamcli", "validate", "--no-net", desktop / "headroom-viewer.metainfo.xml")
icons = sorted((source / "gui" / "resources" / "icons").glob("*.svg"))
check("xmllint", "--noout", *desktop.glob("*.xml"), source / "gui/resources/resources.qrc", *icons)

mime = ET.parse(desktop / "headroom-viewer.xml").getroot()
space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
kinds = {kind.get("type"): kind for kind in mime.findall("m:mime-type", space)}
entry = (desktop / "headroom-viewer.desktop").read_text()
named = next(line for line in entry.splitlines() if line.startswith("MimeType=")).split("=")[1].strip(";").split(";")
if sorted(named) != sorted(kinds):
    failures.append(f"the desktop entry names {named}, the MIME file {sorted(kinds)}")
provided = [e.text for e in ET.parse(desktop / "headroom-viewer.metainfo.xml").getroot().findall("provides/mediatype")]
if sorted(provided) != sorted(kinds):
    failures.append(f"the metainfo names {provided}, the MIME file {sorted(kinds)}")
globs = {kind.find("m:glob", space).get("pattern") for kind in kinds.values()}
if globs != {"*.headroom", "*.headroom-session", "*.pickle"}:
    failures.append(f"the MIME file knows {globs}")

listed = {e.text for e in ET.parse(source / "gui/resources/resources.qrc").getroot().iter("file")}
if listed != {f"icons/{icon.name}" for icon in icons}:
    failures.append(f"resources.qrc and gui/resources/icons differ: {listed ^ {'icons/' + icon.name for icon in icons}}")

print("\n".join(failures) or "the desktop's checkers have nothing to say")
if skipped:
    print(f"skipped: needs {', '.join(skipped)} (scripts/setup --tests)")
sys.exit(1 if failures else 77 if skipped else 0)
