"""Static files: those of installed packages that the pages need, and names that carry a digest."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

# What pages ask for, and which file of which package it is. Whole packages are hundreds of files.
VENDORED: Final = {
    "vendor/tabulator.min.js": ("js_lib_tabulator", "static/tabulator/js/tabulator.min.js"),
    "vendor/tabulator.min.css": (
        "js_lib_tabulator",
        "static/tabulator/css/tabulator_simple.min.css",
    ),
    "vendor/swagger-ui-bundle.js": (
        "drf_spectacular_sidecar",
        "static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
    ),
    "vendor/swagger-ui.css": (
        "drf_spectacular_sidecar",
        "static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
    ),
}


class VendoredStorage(FileSystemStorage):
    """The vendored files under the names that pages use; it is only read."""

    def path(self, name: str) -> str:
        package, file = VENDORED[name]
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(f"The package {package} is not installed: run `make setup`.")
        return str(Path(spec.origin).parent / file)


class VendoredFinder(BaseFinder):
    """Finds the vendored files, and no others of their packages."""

    storage = VendoredStorage()

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [self.storage.path(path)] if path in VENDORED else []
        if find_all:
            return found
        return found[0] if found else []

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Any]]:
        for name in VENDORED:
            yield name, self.storage


class DigestedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    """Names with a digest in them, also where one script imports another.

    Source maps of vendored files are left out, so that what points to them is left as it stands.
    """

    support_js_module_import_aggregation = True
    patterns = tuple(
        (glob, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for glob, rules in CompressedManifestStaticFilesStorage.patterns
    )
