"""What a formatted broker directory needs."""

from __future__ import annotations

import uuid

from helpers.local import storage


def test_an_id_never_looks_like_an_option(monkeypatch):
    """One random id in 64 would begin with a dash, and StorageTool would refuse it."""
    dashed, plain = uuid.UUID(int=0xF8 << 120), uuid.UUID(int=1)
    drawn = iter([dashed, plain])
    monkeypatch.setattr(storage.uuid, "uuid4", lambda: next(drawn))
    assert storage.new_id() == "AAAAAAAAAAAAAAAAAAAAAQ"
