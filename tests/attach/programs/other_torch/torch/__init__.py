"""Stands for a Torch of another version: all that is looked at before it is refused."""
__version__ = "1.13.1"
