"""Writes device_catalog() as C++ from devices.json, so that no JSON is parsed when a program starts.

usage: device_table.py devices.json device_table.cpp
"""
import json
import sys


def literal(value):
    return json.dumps(value) if isinstance(value, str) else str(value)


def main(source, target):
    with open(source, encoding="utf-8") as file:
        devices = json.load(file)["devices"]
    rows = []
    for device in devices:
        device = dict(device, source="; ".join(f"{key}: {text}" for key, text in device["source"].items()))
        fields = ", ".join(f".{key} = {literal(value)}" for key, value in device.items())
        rows.append(f"    {{{fields}}},\n")
    with open(target, "w", encoding="utf-8") as file:
        file.write('#include "virtual_gpu/catalog.h"\n\nnamespace headroom::virtual_gpu {\n\n'
                   "const std::vector<DeviceModel>& device_catalog() {\n"
                   "  static const std::vector<DeviceModel>& devices = *new std::vector<DeviceModel>{\n"
                   + "".join(rows) + "  };\n  return devices;\n}\n\n}  // namespace headroom::virtual_gpu\n")


main(*sys.argv[1:])
