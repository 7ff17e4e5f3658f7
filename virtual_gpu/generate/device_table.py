"""Writes device_catalog() as C++ from devices.json, so that no JSON is parsed when a program starts.

usage: device_table.py devices.json device_table.cpp

A device takes the limits of its compute capability, "architectures" in the file, and its source names where both are from.
"""
import json
import sys


def literal(value):
    return json.dumps(value) if isinstance(value, (str, bool)) else str(value)


def fields(device, architectures):
    capability = device.pop("compute_capability")
    limits = dict(architectures[capability])
    sources = {**device.pop("source"), "limits": limits.pop("source")}
    major, minor = capability.split(".")
    return {**device, "major": int(major), "minor": int(minor), **limits,
            "source": "; ".join(f"{what}: {text}" for what, text in sources.items())}


def main(source, target):
    with open(source, encoding="utf-8") as file:
        catalog = json.load(file)
    rows = []
    for device in catalog["devices"]:
        values = fields(device, catalog["architectures"])
        rows.append("  {\n    auto& device = devices.emplace_back();\n"
                    + "".join(f"    device.{key} = {literal(value)};\n" for key, value in values.items()) + "  }\n")
    with open(target, "w", encoding="utf-8") as file:
        file.write('#include "virtual_gpu/catalog.h"\n\nnamespace headroom::virtual_gpu {\n\n'
                   "static const std::vector<DeviceModel>* make_catalog() {\n"
                   "  auto& devices = *new std::vector<DeviceModel>;\n" + "".join(rows)
                   + "  return &devices;\n}\n\n"
                   "const std::vector<DeviceModel>& device_catalog() {\n"
                   "  static const std::vector<DeviceModel>& devices = *make_catalog();\n  return devices;\n}\n\n"
                   "}  // namespace headroom::virtual_gpu\n")


main(*sys.argv[1:])
