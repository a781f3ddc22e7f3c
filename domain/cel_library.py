"""CEL's library, without the command line that its package imports: a tenth of the time at every start.

The package's `__init__` pulls in typer, rich and prompt_toolkit for a program of its own, 0.25 seconds in each process.
Only the compiled part is loaded here, under its own name, so that whoever imports the package finds the same one.
"""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import cel

__all__ = ["cel"]

_COMPILED = "cel.cel"


def _load() -> ModuleType:
    """Return the compiled part; the package itself where that does not lie in it."""
    package = find_spec("cel")
    places = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec(_COMPILED, places) if places else None
    if _COMPILED in sys.modules or spec is None or spec.loader is None:
        return import_module("cel")
    found = sys.modules[_COMPILED] = module_from_spec(spec)
    try:
        spec.loader.exec_module(found)
    except BaseException:
        del sys.modules[_COMPILED]
        raise
    return found


if not TYPE_CHECKING:
    cel = _load()
