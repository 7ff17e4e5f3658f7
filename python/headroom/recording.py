"""A recording as tables.

Recordings are read by the program, not here: which category a byte has follows from how long it lived, and one place should
decide that. Every table is what `headroom report --format csv` writes, so that it sums to the peak, to the byte.
"""
from __future__ import annotations

import csv
import html
import json
import os
import pathlib
import shutil
import tempfile
import weakref
from typing import Any

from headroom.program import HeadroomError, run_program

Row = dict[str, Any]
_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"]


def format_bytes(count: int) -> str:
    """1.25 GiB: binary units, three digits."""
    size, unit = float(count), 0
    while size >= 1023.5 and unit + 1 < len(_UNITS):
        size, unit = size / 1024, unit + 1
    if unit == 0:
        return f"{count} B"
    return f"{size:.{2 if size < 9.995 else 1 if size < 99.95 else 0}f} {_UNITS[unit]}"


def remove_with(owner: object, folder: str | os.PathLike[str]) -> None:
    """A temporary folder goes when its owner does."""
    weakref.finalize(owner, shutil.rmtree, folder, True)


def read(path: str | os.PathLike[str]) -> Recording:
    """The recording in a file: LABEL.headroom, or a memory snapshot of PyTorch's (.pickle)."""
    path = pathlib.Path(path)
    if not path.exists():
        raise HeadroomError(f"{path} does not exist")
    return Recording(path)


class Recording:
    """One run. Numbers are whole bytes; tables are lists of dictionaries, or pandas' data frames where pandas is installed."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path).absolute()
        self._tables: dict[str, list[Row]] = {}
        self._folder: str | None = None
        #: The whole report, schema headroom.report/1.
        self.document: dict[str, Any] = json.loads(run_program("report", self.path, "--format", "json"))
        #: The run in it.
        self.run: dict[str, Any] = self.document["runs"][0]

    @property
    def label(self) -> str:
        """The run's name."""
        return str(self.run["label"])

    @property
    def peak_bytes(self) -> int:
        """The most bytes allocated at any instant."""
        return int(self.run["peak"]["allocated_bytes"])

    @property
    def reserved_bytes(self) -> int:
        """The most bytes that the allocator held from the device."""
        return int(self.run["peak"]["reserved_bytes"])

    @property
    def truth(self) -> str:
        """'virtual', 'measured', or 'reported' of a snapshot that does not say which."""
        return {"virtual": "virtual", "unknown": "reported"}.get(self.run["environment"]["device_kind"], "measured")

    @property
    def outcome(self) -> str:
        """'ok', 'oom' (out of memory) or 'error'."""
        return str(self.run["outcome"]["kind"])

    def categories(self, pandas: bool | None = None) -> Any:
        """Bytes at the peak by category."""
        return self._table("categories", pandas)

    def layers(self, pandas: bool | None = None) -> Any:
        """Each layer's own bytes at the peak, by category, and what it took over the run."""
        return self._table("layers", pandas)

    def tensors(self, pandas: bool | None = None) -> Any:
        """Every tensor alive at the peak, largest first."""
        return self._table("tensors", pandas)

    def events(self, pandas: bool | None = None) -> Any:
        """What the allocator did, in order, with what was allocated and reserved after it."""
        return self._table("events", pandas)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str | pathlib.Path:
        """The interactive page, as text or in a file."""
        page = run_program("report", self.path, "--format", "html")
        if path is None:
            return page
        pathlib.Path(path).write_text(page, encoding="utf-8")
        return pathlib.Path(path)

    def to_markdown(self) -> str:
        """The report's tables."""
        return run_program("report", self.path, "--format", "markdown")

    def to_svg(self) -> str:
        """Memory over time."""
        return run_program("report", self.path, "--format", "svg")

    def _rows(self, name: str) -> list[Row]:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="headroom-")
            remove_with(self, self._folder)
            run_program("report", self.path, "--format", "csv", "--quiet", "--out", self._folder)
        with open(os.path.join(self._folder, name + ".csv"), newline="", encoding="utf-8") as file:
            return [{key: _value(key, text) for key, text in row.items() if key != "run"} for row in csv.DictReader(file)]

    def _table(self, name: str, pandas: bool | None) -> Any:
        """pandas: True, False, or None: a data frame where pandas is installed."""
        if name not in self._tables:
            self._tables[name] = self._rows(name)
        rows = [dict(row) for row in self._tables[name]]
        if pandas is False:
            return rows
        try:
            import pandas as library
        except ImportError:
            if pandas:
                raise HeadroomError("pandas is not installed; .layers(pandas=False) gives a list of dictionaries") from None
            return rows
        return library.DataFrame(rows)

    def __repr__(self) -> str:
        return f"<headroom.Recording {self.label}: peak {format_bytes(self.peak_bytes)} ({self.peak_bytes:,}), {self.truth}>"

    def _repr_html_(self) -> str:
        """Shown by notebooks: key figures and memory over time, without a script."""
        peak, environment = self.run["peak"], self.run["environment"]
        where = " at ".join(text for text in (peak["phase"], peak["layer"]) if text)
        rows = [("peak allocated", f"{format_bytes(self.peak_bytes)} ({self.peak_bytes:,} bytes)" + (f", in {where}" if where else "")),
                ("peak reserved", f"{format_bytes(self.reserved_bytes)} ({self.reserved_bytes:,} bytes)"),
                (self.truth, environment["device_name"])]
        if self.outcome != "ok":
            rows.insert(0, ("outcome", "out of memory" if self.outcome == "oom" else self.run["outcome"]["message"]))
        cells = "".join(f'<tr><th style="text-align:left">{html.escape(name)}</th><td style="text-align:left">{html.escape(text)}</td></tr>'
                        for name, text in rows)
        picture = self.to_svg().replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1)
        return f"<table>{cells}</table>{picture}"


def _value(key: str, text: str) -> str | int | None:
    """Numbers where a column holds numbers; None for what is not known."""
    if key in ("layer", "kind", "category", "operator", "tensor", "source_line", "phase", "action"):
        return text
    if text == "":
        return None
    return int(text, 16) if key == "address" else int(text)
