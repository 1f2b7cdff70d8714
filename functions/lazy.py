"""Modules that load when something of them is first asked for."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from importlib import import_module
from types import ModuleType

_withdrawing = allocate_lock()  # or a second thread could withdraw what the first one has loaded by then


def load_lazily(name: str) -> None:
    """Let a module, unless it is loaded already, wait until it is used; `import` alone does not use it.

    `importlib.util.LazyLoader` would load it at the next `import`, which asks it for its `__spec__`.
    """
    sys.modules.setdefault(name, _Lazy(name))


class _Lazy(ModuleType):
    """Stands for a module, also where it was imported before it loads."""

    def __getattr__(self, name: str) -> object:
        with _withdrawing:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
        module = import_module(self.__name__)
        vars(self).update(vars(module))
        return getattr(module, name)
