"""Dockerfile and docker-compose.yml, as far as they can be tried without a container engine."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.serve import read_procfile

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
EXAMPLE = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::-((?:[^{}]|\$\{[^{}]*\})*))?\}")


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with their arguments."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return [(name, arguments) for name, arguments in pairs]


def interpolated(value: str, **variables: str) -> str:
    """Return a value of docker-compose.yml as it is with these variables in .env."""
    while match := VARIABLE.search(value):
        word = variables.get(match[1]) or match[2] or ""
        value = value[: match.start()] + word + value[match.end() :]
    return value.replace("$$", "$")


def test_a_service_runs_for_each_process_and_for_each_server() -> None:
    assert set(SERVICES) == {"postgresql", "valkey", "migrate", *read_procfile()}


def test_the_servers_are_of_the_embedded_ones_versions() -> None:
    assert SERVICES["postgresql"]["image"] == "postgres:18"
    assert SERVICES["valkey"]["image"] == "valkey/valkey:9"


def test_the_broker_keeps_its_queues_and_the_database_its_silence() -> None:
    broker = " ".join(SERVICES["valkey"]["command"])
    database = " ".join(SERVICES["postgresql"]["command"])

    assert "--appendonly yes" in broker
    assert "--maxmemory-policy noeviction" in broker
    for setting in (
        "log_statement=none",
        "log_min_duration_statement=-1",
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
        "synchronous_commit=on",
        "client_connection_check_interval=5s",
    ):
        assert f"-c {setting}" in database
    assert (
        "--locale-provider=builtin --builtin-locale=C.UTF-8"
        in SERVICES["postgresql"]["environment"]["POSTGRES_INITDB_ARGS"]
    )


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(check)


def test_nothing_starts_before_the_migrations_and_these_not_before_the_servers() -> None:
    for name in OURS:
        waits_for = SERVICES[name]["depends_on"]

        assert waits_for["postgresql"] == {"condition": "service_healthy"}
        assert waits_for["valkey"] == {"condition": "service_healthy"}
        if name != "migrate":
            assert waits_for["migrate"] == {"condition": "service_completed_successfully"}


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    given = {name for service in OURS for name in SERVICES[service]["environment"]}

    assert {match[1] for match in re.finditer(r"\$\{([A-Z_]+)", text)} <= EXAMPLE
    assert given <= EXAMPLE


def test_every_command_of_the_compose_file_exists() -> None:
    processes = read_procfile()
    for name in OURS:
        command = SERVICES[name]["command"]
        assert command[:3] == ["python", "-m", "portal.serve"]
        assert command[3] == ("--prepare" if name == "migrate" else name)
        assert name == "migrate" or name in processes


def test_the_settings_accept_what_the_compose_file_sets_unedited(tmp_path: Path) -> None:
    variables = {
        name: interpolated(value) for name, value in SERVICES["web"]["environment"].items()
    }
    assert variables["DATABASE_URL"] == "postgresql://portal:portal@postgresql:5432/portal"

    result = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | variables | {"PORTAL_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert interpolated(SERVICES["web"]["ports"][0], PORT="81") == "127.0.0.1:81:8000"


def test_what_is_mounted_exists_and_every_volume_is_declared() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists()
            else:
                assert source in COMPOSE["volumes"]
    script = ROOT / "docker" / "create-role.sh"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0
    assert "SUPERUSER" not in script.read_text()


def test_the_image_has_the_python_that_the_lock_was_made_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    version = re.fullmatch(r"python:(3\.\d+)-slim", dict(instructions())["FROM"])

    assert version is not None
    assert f">={version[1]}" == project["requires-python"]


def test_the_image_installs_nothing_but_the_lock_and_only_wheels() -> None:
    installing = [words for name, words in instructions() if name == "RUN" and "install " in words]
    pip = [words for words in installing if words.startswith("pip ")]

    assert pip == [
        "pip install --require-hashes --only-binary :all: --requirement requirements.txt"
    ]
    assert not any("apt" in words for words in installing)


def test_the_image_does_not_run_as_root() -> None:
    names = [name for name, _ in instructions()]

    assert dict(instructions())["USER"] == "portal"
    assert names.index("USER") < names.index("CMD")
    assert "RUN" not in names[names.index("USER") :]


def test_no_file_names_the_host_of_a_registry() -> None:
    for name in ("Dockerfile", "docker-compose.yml"):
        images = re.findall(r"(?:FROM|image:)\s+(\S+)", (ROOT / name).read_text())
        assert images
        assert not [image for image in images if "." in image.split("/")[0].split(":")[0]]


def test_what_the_image_copies_is_enough_to_build_and_run_it(tmp_path: Path) -> None:
    """Do in a folder what the Dockerfile does: copy, compile, collect; then ask what CMD names."""
    context = tmp_path / "context"
    context.mkdir()
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    for name, words in instructions():
        if name == "COPY":
            for source in words.split()[:-1]:
                assert source in allowed, f".dockerignore leaves out {source}"
                if (ROOT / source).is_dir():
                    ignore = shutil.ignore_patterns("__pycache__", "*.mo")
                    shutil.copytree(ROOT / source, context / source, ignore=ignore)
                else:
                    shutil.copy(ROOT / source, context)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    build = next(words for name, words in instructions() if "collectstatic" in words)
    build = build.replace("/tmp/build", str(tmp_path / "build"))  # noqa: S108 - the image's
    build = build.replace("/srv/static", str(tmp_path / "static"))

    built = subprocess.run(
        ["/bin/sh", "-c", build],
        cwd=context,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    asked = subprocess.run(
        [sys.executable, "-m", "portal.serve", "--help"],
        cwd=context,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()
    assert not (tmp_path / "build").exists()
    assert asked.returncode == 0, asked.stderr
    command = shlex.split(dict(instructions())["CMD"].strip("[]").replace(",", " "))
    assert command == ["python", "-m", "portal.serve", "web"]


@pytest.mark.parametrize("process", sorted(read_procfile()))
def test_every_process_of_the_procfile_is_a_command_with_known_options(process: str) -> None:
    command = VARIABLE.sub(lambda match: match[2] or "", read_procfile()[process])
    words = [word for word in shlex.split(command) if word != "env"]
    program = next(word for word in words if "=" not in word)
    options = {word for word in words if word.startswith("--")}
    levels = [
        program,
        *(["worker"] if " worker" in command else ["beat"] if "celery" in command else []),
    ]

    known = subprocess.run(
        [Path(sys.executable).parent / levels[0], *levels[1:], "--help"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert program in ("granian", "celery")
    assert [
        option for option in options - {"--quiet", "--app"} if not re.search(rf"{option}\b", known)
    ] == []
