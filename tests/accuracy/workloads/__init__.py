"""Workloads of published memory figures. A workload is a function `module:name`; it runs on the current device and returns
{key: bytes}, one entry for each figure that it gives."""
