"""The other ways to run this, GitHub, devcontainer, Binder: they do what the Makefile does.

None of them can be run here; these checks keep them from drifting.
"""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from helpers.__main__ import NEWEST, OLDEST
from helpers.run import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"
CHECK = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]


@pytest.fixture
def workflow() -> dict:
    return yaml.safe_load(WORKFLOW.read_text("utf-8"))


@pytest.fixture(scope="module")
def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))


def faults(workflow: dict) -> list[str]:
    """What the workflow does that it should not, or does not do."""
    wrong = []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = SpecifierSet(project["requires-python"])
    wanted = [f"3.{minor}" for minor in range(50) if supported.contains(f"3.{minor}.0")]
    jobs = workflow["jobs"]
    if jobs["test"]["strategy"]["matrix"]["python"] != wanted:
        wrong.append(f"the matrix is not {wanted}")
    runs = {name: [s["run"] for s in job["steps"] if "run" in s] for name, job in jobs.items()}
    if runs != {"test": ["make test"], "soak": ["make soak"]}:
        wrong.append(f"runs {runs}")
    if workflow.get("permissions") != {"contents": "read"}:
        wrong.append("asks for more than reading")
    for name, job in jobs.items():
        if not job.get("timeout-minutes") or "permissions" in job:
            wrong.append(f"{name} has no time limit or permissions of its own")
        actions = [step["uses"] for step in job["steps"] if "uses" in step]
        wrong += [a for a in actions if not re.fullmatch(r"actions/[a-z-]+@v\d+", a)]
        keys = [step["with"]["key"] for step in job["steps"] if "/cache@" in step.get("uses", "")]
        if keys != ["jars-${{ hashFiles('helpers/local/jars.lock') }}"]:
            wrong.append(f"{name} caches under {keys}")
    return wrong


def test_the_workflow_is_one(tmp_path):
    assert subprocess.run([*CHECK, WORKFLOW], capture_output=True).returncode == 0
    broken = tmp_path / "test.yml"
    broken.write_text(WORKFLOW.read_text("utf-8").replace("runs-on:", "runs-in:"))
    assert subprocess.run([*CHECK, broken], capture_output=True).returncode == 1


def test_it_runs_what_we_run(workflow):
    assert faults(workflow) == []
    changed = copy.deepcopy(workflow)
    changed["jobs"]["test"]["steps"][-2]["run"] = "make test || true"
    assert len(faults(changed)) == 1
    changed["jobs"]["test"]["strategy"]["matrix"]["python"] = ["3.11"]
    changed["permissions"] = "write-all"
    del changed["jobs"]["soak"]["timeout-minutes"]
    assert len(faults(changed)) == 4


def test_the_supported_pythons_are_said_alike_everywhere():
    said = "3.11, 3.12 or 3.13"
    assert (OLDEST, NEWEST) == ((3, 11), (3, 13))
    for path in ("Makefile", "helpers/__main__.py", "docs/install.md"):
        assert said in (ROOT / path).read_text("utf-8"), path


def test_the_devcontainer_makes_what_we_make(targets):
    path = ROOT / ".devcontainer" / "devcontainer.json"
    settings = json.loads(path.read_text("utf-8"))
    assert (path.parent / settings["build"]["dockerfile"]).is_file()
    assert set(re.findall(r"make (\w+)", settings["postCreateCommand"])) == {"install"}
    assert "install" in targets
    assert ".venv/bin/python -m helpers fetch" in settings["postCreateCommand"]


def test_binder_prepares_what_it_needs():
    script = ROOT / "postBuild"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    assert "-m helpers fetch kafka\n" in script.read_text("utf-8")
    # Binder would read these instead and never see environment.yml.
    assert not [name for name in ("binder", ".binder", "Dockerfile") if (ROOT / name).exists()]


def test_documented_make_targets_exist(targets):
    text = (ROOT / "docs" / "install.md").read_text("utf-8")
    assert set(re.findall(r"`make (\w+)", text)) <= targets


def test_images_are_named_without_a_host():
    files = [*(ROOT / "docker").glob("*.Dockerfile"), ROOT / "docker" / "compose.yaml"]
    names = [re.findall(r"^(?:FROM|\s*image:) (\S+)", f.read_text("utf-8"), re.M) for f in files]
    images = [name for found in names for name in found]
    assert len(images) == 5
    assert not [image for image in images if "." in image.split("/")[0].split(":")[0]]
    assert [image for image in images if ":" not in image] == ["aws-confluent-aws"], "ours only"
