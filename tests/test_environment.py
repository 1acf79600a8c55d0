"""environment.yml, pyproject.toml and requirements.lock agree, and nothing in them is unused.

The lock says the exact version of everything; pyproject.toml names what the project itself asks
for; environment.yml gives conda (and Binder) a Python and leaves the rest to the other two.
"""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import distributions as distributions_here
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers.run import ROOT
from tests.notebooks.lesson import LESSONS, Lesson

# conda's names where they differ from PyPI's
CONDA = {"python-confluent-kafka": "confluent-kafka", "matplotlib-base": "matplotlib"}
CONDA |= {"python-duckdb": "duckdb"}
OURS = {"helpers", "tests", "tools", "benchmarks"}
NOT_FROM_PYPI = {"python", "pip", "make"}
# Used without an import: as a command, a pytest plugin or the kernel of JupyterLab. The text must
# stand in one of the files of COMMANDS.
USED_AS = {
    "jupyterlab": "jupyter lab|jupyterlab",
    "nbval": "--nbval",
    "pytest-timeout": "timeout =|pytest.mark.timeout",
    "ruff": "ruff check",
    "setuptools": "--no-build-isolation",
    "pip-audit": "pip-audit",
    "uv": "uv ",
}
COMMANDS = ["Makefile", "pyproject.toml", ".ci/run", "tests/notebooks/test_runs.py"]
ENTRY = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s;\\]+)")


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def direct(project) -> list[Requirement]:
    """What pyproject.toml asks for, without extras."""
    return [Requirement(name) for name in project["dependencies"]]


@pytest.fixture(scope="module")
def extras(project) -> dict[str, list[Requirement]]:
    """What each extra asks for on top; `requirements-<extra>.lock` locks it."""
    named = project.get("optional-dependencies", {})
    return {extra: [Requirement(name) for name in names] for extra, names in named.items()}


@pytest.fixture(scope="module")
def conda() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def lock() -> dict[str, set[str]]:
    return locked((ROOT / "requirements.lock").read_text("utf-8"))


def entries(text: str) -> list[str]:
    """A lock's requirements, each with its continuation lines, without comments."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n?", "", text, flags=re.M))
    return [line for line in joined.splitlines() if line.strip()]


def locked(text: str) -> dict[str, set[str]]:
    """Versions by canonical name; several where they differ between Pythons."""
    versions: dict[str, set[str]] = {}
    for match in filter(None, map(ENTRY.match, entries(text))):
        versions.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return versions


def faults(text: str) -> list[str]:
    """Lines of a lock that are not an exact version with hashes, or that name a host."""
    bad = [line for line in entries(text) if not ENTRY.match(line) or "--hash=sha256:" not in line]
    hosts = [
        line for line in text.splitlines() if re.search(r"://|index-url|find-links|\.\w+/", line)
    ]
    return bad + hosts


def not_locked(wanted: list[Requirement], lock: dict[str, set[str]]) -> list[str]:
    """The requirements that the lock lacks, or has at a version that they do not allow."""
    return [
        str(requirement)
        for requirement in wanted
        for versions in [lock.get(canonicalize_name(requirement.name), set())]
        if not versions or not all(map(requirement.specifier.contains, versions))
    ]


def test_every_dependency_is_locked_at_a_version_that_it_allows(direct, lock):
    assert not_locked(direct, lock) == []
    assert not_locked([Requirement("boto3<1"), Requirement("nothing")], lock) == [
        "boto3<1",
        "nothing",
    ]


def test_extras_are_locked_beside_the_same_versions(direct, extras, lock):
    for extra, wanted in extras.items():
        more = locked((ROOT / f"requirements-{extra}.lock").read_text("utf-8"))
        assert not_locked(direct + wanted, more) == []
        assert {name: more.get(name) for name in lock} == lock


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: path.name
)
def test_the_locks_are_exact_hashed_and_name_no_host(path):
    assert faults(path.read_text("utf-8")) == []


def test_faults_of_a_lock_are_found():
    good = "a==1 ; python_version < '3.12' \\\n    --hash=sha256:00\n    # via b\n"
    assert faults(good) == []
    for bad in ("a==1\n", "a>=1 --hash=sha256:00\n", "--index-url https://host/simple\n"):
        assert faults(good + bad) != []


def test_conda_agrees(conda, direct, lock, project):
    wanted = {canonicalize_name(requirement.name) for requirement in direct}
    plain = [item for item in conda["dependencies"] if isinstance(item, str)]
    for item in plain:
        name, _, version = item.partition("=")
        version = version.strip("=")
        if name == "python":
            assert SpecifierSet(project["requires-python"]).contains(f"{version}.99"), item
        elif name not in NOT_FROM_PYPI:
            pypi = canonicalize_name(CONDA.get(name, name))
            assert pypi in wanted, f"{item} is not among pyproject.toml's dependencies"
            assert lock[pypi] == {version}, f"{item}: the lock says {lock[pypi]}"


def test_conda_installs_the_rest_from_the_lock(conda):
    pip = [item["pip"] for item in conda["dependencies"] if isinstance(item, dict)]
    lines = [line for lines in pip for line in lines]
    # pip reads these relative to environment.yml
    assert any(line.split()[-1] == "requirements.lock" for line in lines), lines
    assert [line for line in lines if ENTRY.match(line)] == [], "pins belong into the lock"


def imported() -> tuple[set[str], set[str]]:
    """Top-level modules that code and lessons import, and strings that may name one to run."""
    folders = ["helpers", "tests", "tools", "benchmarks", "solutions", "docs"]
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    trees = [ast.parse(file.read_text("utf-8")) for file in files]
    trees += [tree for path in LESSONS for tree in Lesson(path).trees]
    names, strings = set(), set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)  # ["-m", "ministack"]
    return names, strings


def test_every_dependency_is_used(direct, extras):
    files = [ROOT / name for name in COMMANDS if (ROOT / name).exists()]
    commands = "".join(file.read_text("utf-8") for file in files)
    by_command = {name for name, text in USED_AS.items() if re.search(text, commands)}
    modules, strings = imported()
    by_import = {
        canonicalize_name(distribution)
        for module, distributions in packages_distributions().items()
        if module in modules | strings
        for distribution in distributions
    }
    wanted = {
        canonicalize_name(r.name) for r in [*direct, *(r for e in extras.values() for r in e)]
    }
    installed = {canonicalize_name(d.name) for d in distributions_here()}
    assert (wanted & installed) - by_command - by_import == set()


def test_every_import_is_a_dependency(direct, extras):
    wanted = {
        canonicalize_name(r.name) for r in [*direct, *(r for e in extras.values() for r in e)]
    }
    modules, _ = imported()
    undeclared = {
        module: distributions
        for module, distributions in packages_distributions().items()
        if module in modules and not {canonicalize_name(d) for d in distributions} & wanted
    }
    assert {m: d for m, d in undeclared.items() if m not in OURS} == {}
