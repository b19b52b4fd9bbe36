"""Makes a night start faster: skips imports that no night uses (a third of the loading time) and collects garbage less often.

Great Expectations imports `scipy.stats` and `altair` for expectations and charts that our suites do not use; `jsonschema`
imports what checks web addresses, durations and colours, which no schema of dbt or Dagster needs.
"""

import gc
import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LAZY = ("altair", "scipy.stats")
UNUSED = ("rfc3987_syntax", "rfc3986_validator", "isoduration", "webcolors", "pyspark")
"""Optional imports of libraries. Great Expectations tries pyspark; a night on Spark allows it again."""
UNUSED_BY_WORKERS = ("sqlalchemy",)
"""Great Expectations tries it, too, and is only given data frames. Dagster needs it, which no worker process loads."""


class LazyModule(ModuleType):
    """A module that is imported when an attribute of it is first used.

    importlib's LazyLoader does not do: its module is loaded as soon as a second `import` looks at its `__spec__`.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        self.__dict__.update(module.__dict__)
        return getattr(module, name)


def collect_garbage_less() -> None:
    """Collect garbage a tenth as often as by default: these libraries make hundreds of thousands of lasting objects, and
    searching them takes a seventh of their loading time."""
    gc.set_threshold(20_000, 25, 25)


def allow_import(name: str) -> None:
    if name in sys.modules and sys.modules[name] is None:
        del sys.modules[name]


def skip_unused_imports(worker: bool = False) -> None:
    """Call before dbt, Dagster or Great Expectations is imported. Modules that are loaded already stay.

    `worker`: this is a worker process, which never imports Dagster.
    """
    for name in LAZY:
        if name not in sys.modules:
            module = sys.modules[name] = LazyModule(name)
            module.__spec__ = ModuleSpec(name, None)
    modules: dict[str, Any] = sys.modules
    for name in (*UNUSED, *(UNUSED_BY_WORKERS if worker else ())):
        modules.setdefault(name, None)  # None makes importing it an ImportError


def defer_serializers() -> None:
    """Have dbt's serialiser write the code of a class when it is first used. Otherwise it writes code for classes of its own,
    which dbt never uses, in a fifth of the time that dbt takes to load. Call before dbt is imported."""
    from mashumaro.config import BaseConfig

    config: Any = BaseConfig
    config.lazy_compilation = True


def name_no_callers() -> None:
    """Have dbt not look for the module that defines each behaviour flag of its adapter. It reads the source of all callers to
    find it: 0.1 s of a night, for the name of a module in a deprecation warning."""
    from dbt_common.behavior_flags import BehaviorFlagRendered

    flag: Any = BehaviorFlagRendered
    flag._default_source = staticmethod(lambda: "dbt")
