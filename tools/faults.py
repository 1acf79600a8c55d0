"""Write docs/faults.md from the catalogue of tests/faults."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # tests/ is not installed

if __name__ == "__main__":
    from tests.faults.catalogue import page

    (ROOT / "docs" / "faults.md").write_text(page(), "utf-8")
    print("docs/faults.md is written")
