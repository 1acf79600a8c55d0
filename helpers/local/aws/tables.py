"""Athena: its DuckDB never fetches extensions from the internet nor writes to the home directory.

Source: "Extensions" of the DuckDB documentation.
"""

from __future__ import annotations

import tempfile


def install(app) -> None:
    """Shut DuckDB in once a request loads Athena; until then DuckDB is not imported."""
    get_module = app._get_module

    def get_module_shut_in(name: str):
        module = get_module(name)
        if name == "athena":
            _shut_in()
        return module

    app._get_module = get_module_shut_in


def _shut_in() -> None:
    import duckdb

    if getattr(duckdb.connect, "shut_in", False):
        return
    connect = duckdb.connect
    directory = tempfile.mkdtemp(prefix="duckdb-")
    config = {
        "autoinstall_known_extensions": "false",
        "custom_extension_repository": directory,
        "extension_directory": directory,
    }

    def connect_shut_in(*args, **kwargs):
        return connect(*args, **{**kwargs, "config": {**config, **kwargs.get("config", {})}})

    connect_shut_in.shut_in = True
    duckdb.connect = connect_shut_in
