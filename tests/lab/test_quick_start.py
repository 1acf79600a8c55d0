"""The cache of a quick start: one for one class path, found from everywhere, and not kept for ever."""

from __future__ import annotations

import os
import time

from helpers.local import java
from helpers.local.paths import OLD_S, drop_old, home


def test_a_home_of_links_uses_the_cache_of_the_real_one(tmp_path, monkeypatch):
    real, jars, cache = home(), java.classpath(), java.aot_cache(java.QUICK)
    (tmp_path / "maven").symlink_to(real / "maven")
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path))
    assert java.aot_cache(java.QUICK) == tmp_path / "aot" / cache.name
    assert java.classpath() == jars  # which the cache is good for


def test_other_jars_and_other_flags_have_a_cache_of_their_own(tmp_path, monkeypatch):
    here = java.aot_cache(java.QUICK).name
    assert java.aot_cache([*java.QUICK, "-Xmx300m"]).name != here
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path))
    assert java.aot_cache(java.QUICK).name != here


def test_caches_of_long_ago_are_removed(tmp_path):
    now, long_ago = tmp_path / "kafka-now.aot", time.time() - OLD_S - 60
    for name in ("kafka-now.aot", "kafka-old.aot", "kafka-recent.aot", "registry-old.aot"):
        (tmp_path / name).write_bytes(b"")
    for name in ("kafka-now.aot", "kafka-old.aot", "registry-old.aot"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    drop_old(now, "kafka-*.aot")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "kafka-now.aot",
        "kafka-recent.aot",
        "registry-old.aot",
    ]
