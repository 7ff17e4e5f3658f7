"""A function of yours in another process: by its name where it can be imported, else by its source.

1. "package.module:function" and "path/to/file.py:function" are imported.
2. A function of an importable module is imported from there.
3. A function of a notebook or of a script that is running is sent as source, with what it uses of its surroundings: other
   functions and classes there, imported modules, and constants (numbers, texts, None, tuples of these). Anything else is refused,
   and so is a function inside a function: it would have to bring values along.
"""
from __future__ import annotations

import ast
import builtins
import linecache
import os
import textwrap
import types
from typing import Any, Callable, Union

from headroom.program import HeadroomError

Described = dict[str, str]
Function = Union[str, Callable[..., Any]]
_CONSTANTS = (int, float, str, bytes, bool, type(None))


def describe(function: Function, what: str) -> Described:
    """What the driver needs to call it there: {"import": …}, {"file": …} or {"source": …}, with its "name"."""
    if isinstance(function, str):
        return _named(function, what)
    if not isinstance(function, types.FunctionType):
        raise HeadroomError(f"{what} must be a function, or 'module:function', not {type(function).__name__}"
                            + ("; give a function that makes the module: it is built on the device, in another process"
                               if hasattr(function, "parameters") else ""))
    if function.__name__ == "<lambda>":
        raise HeadroomError(f"{what} is a lambda, whose source cannot be sent: define a function with def")
    if function.__closure__:
        names = ", ".join(function.__code__.co_freevars)
        raise HeadroomError(f"{what}, {function.__name__}, uses {names} of the function it is in: define it by itself")
    if function.__module__ != "__main__" and "." not in function.__qualname__:
        return {"import": function.__module__, "name": function.__name__}
    return {"source": _source_with_surroundings(function, what), "name": function.__name__}


def _named(text: str, what: str) -> Described:
    place, colon, name = text.rpartition(":")
    if not colon or not place or not name.isidentifier():
        raise HeadroomError(f"{what} is '{text}', expected 'module:function' or 'file.py:function'")
    if place.endswith(".py"):
        if not os.path.isfile(place):
            raise HeadroomError(f"{what}: there is no file {place}")
        return {"file": os.path.abspath(place), "name": name}
    return {"import": place, "name": name}


def _code_of(thing: Any) -> types.CodeType | None:
    if isinstance(thing, types.FunctionType):
        return thing.__code__
    for member in vars(thing).values():
        if isinstance(member, types.FunctionType) and member.__qualname__.startswith(thing.__qualname__ + "."):
            return member.__code__
    return None


def _source_of(thing: Any, what: str) -> str:
    """The text of a function or class, as it stands in its file or in the notebook's cell."""
    code = _code_of(thing)
    lines = linecache.getlines(code.co_filename) if code else []
    kinds = (ast.FunctionDef, ast.ClassDef)
    text = "".join(lines)
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds) and node.name == thing.__name__] if text else []
    if code is None or not found:
        raise HeadroomError(f"{what}: the source of {thing.__name__} is not known; put it in a file and name it, 'file.py:{thing.__name__}'")
    nearest = min(found, key=lambda node: abs(node.lineno - code.co_firstlineno))
    first = min([nearest.lineno] + [decorator.lineno for decorator in nearest.decorator_list])
    return textwrap.dedent("".join(lines[first - 1:nearest.end_lineno]))


def _is_constant(value: Any) -> bool:
    return isinstance(value, _CONSTANTS) or isinstance(value, tuple) and all(map(_is_constant, value))


def _source_with_surroundings(function: types.FunctionType, what: str) -> str:
    surroundings = function.__globals__
    parts: list[str] = []
    seen: set[str] = set()

    def add(thing: Any) -> None:
        source = _source_of(thing, what)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Name) and node.id in surroundings and not hasattr(builtins, node.id) and node.id not in seen:
                seen.add(node.id)
                bring(node.id, surroundings[node.id])
        parts.append(source)

    def bring(name: str, value: Any) -> None:
        if isinstance(value, types.ModuleType):
            parts.append(f"import importlib\n{name} = importlib.import_module({value.__name__!r})\n")
        elif isinstance(value, (types.FunctionType, type)) and value.__module__ == "__main__":
            add(value)
        elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType, type)) and getattr(value, "__module__", None):
            parts.append(f"from {value.__module__} import {value.__name__} as {name}\n")
        elif _is_constant(value):
            parts.append(f"{name} = {value!r}\n")
        else:
            raise HeadroomError(f"{what}, {function.__name__}, uses {name}, a {type(value).__name__}, which cannot be sent to another "
                                "process: make it inside the function, or put both in a file and name it, 'file.py:function'")

    seen.add(function.__name__)
    add(function)
    return "\n".join(parts)
