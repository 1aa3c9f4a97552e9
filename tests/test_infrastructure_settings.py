"""The settings: refusals by name, production's rules, and `.env.example`."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Throwaway values: of the servers named, none is asked.
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "k8Vq2xWz5uR7tYn3bM6cJ9dL4fG1hP0sQaEiOyTrUwXvBnZmKj",
    "SEALING_KEY": "5f" * 32,
    "DATABASE_URL": "postgresql://portal:secret@database.invalid/portal",
    "REDIS_URL": "redis://broker.invalid/0",
    "ALLOWED_HOSTS": "portal.invalid",
}
# PostgreSQL's image reads it, through docker-compose.yml.
ONLY_DOCKER = {"POSTGRES_PASSWORD"}


def manage(
    *arguments: str, home: Path, code: str = "", **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run manage.py (or Python code) in an environment that holds these variables alone."""
    command = [sys.executable, "-c", code] if code else [sys.executable, "manage.py"]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTAL_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_pass_every_deployment_check(tmp_path: Path) -> None:
    result = manage(
        "check", "--deploy", "--fail-level", "WARNING", home=tmp_path / "home", **PRODUCTION
    )

    assert (result.returncode, result.stdout) == (
        0,
        "System check identified no issues (0 silenced).\n",
    ), result.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"SECRET_KEY": ""},
        {"SEALING_KEY": ""},
        {"ALLOWED_HOSTS": ""},
        {"DATABASE_URL": ""},
        {"REDIS_URL": ""},
        {"DATABASE_URL": "mysql://portal@database/portal"},
        {"REDIS_URL": "amqp://broker"},
        {"DEBUG": "1"},
        {"DEBUG": "maybe"},
        {"PORTAL_ENV": "staging"},
        {"PORTAL_HOME": "relative"},
        {"TRUSTED_PROXY_COUNT": "-1"},
        {"STATEMENT_TIMEOUT_SECONDS": "soon"},
        {"SEALING_CIPHER": "rot13"},
        {"LOG_LEVEL": "LOUD"},
    ],
    ids=str,
)
def test_nonsense_in_production_is_refused_by_the_name_of_the_variable(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    home = Path(variables.get("PORTAL_HOME", str(tmp_path / "home")))
    others = {name: value for name, value in variables.items() if name != "PORTAL_HOME"}

    result = manage("check", home=home, **(PRODUCTION | others))

    assert result.returncode != 0
    # The last paragraph but for a check's closing line; a traceback's lines quote the source.
    said = re.sub(r"^  .*\n", "", result.stderr, flags=re.MULTILINE)
    assert next(iter(variables)) in said
    assert ":secret@" not in result.stderr


def test_production_starts_no_server_and_names_both_ways(tmp_path: Path) -> None:
    result = manage("migrate", home=tmp_path / "home", **(PRODUCTION | {"DATABASE_URL": ""}))

    assert result.returncode != 0
    assert "DATABASE_URL" in result.stderr
    assert "PORTAL_ENV=development" in result.stderr
    assert not (tmp_path / "home" / "servers").exists()


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("5f" * 32)
    path.chmod(0o440)

    result = manage(
        "check",
        home=tmp_path / "home",
        **(PRODUCTION | {"SEALING_KEY": "", "SEALING_KEY_FILE": str(path)}),
    )

    assert "portal.E006" in result.stderr


def test_development_needs_no_setting(tmp_path: Path) -> None:
    result = manage("check", home=tmp_path / "home")

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "home" / "keys" / "sealing_key").stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://broker.invalid:6379/3", "redis://broker.invalid:6379/3"),
        ("rediss://user:word@broker.invalid/0", "rediss://user:word@broker.invalid/0"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
    ],
)
def test_celery_is_told_of_the_broker_in_its_own_way(url: str, broker: str) -> None:
    from portal.settings import _broker

    assert _broker(url) == broker


def test_a_database_url_may_hold_escaped_characters_and_options() -> None:
    from portal.settings import _database

    entry = _database("postgresql://portal:a%40b%2Fc@database:5433/por%20tal?sslmode=verify-full")

    assert entry | {"ENGINE": ""} == {
        "ENGINE": "",
        "NAME": "por tal",
        "USER": "portal",
        "PASSWORD": "a@b/c",
        "HOST": "database",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "verify-full"},
    }


def test_every_redirect_and_cookie_of_production_is_for_https(tmp_path: Path) -> None:
    code = (
        "from portal import settings as s\n"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS,"
        " 'django.contrib.admin' in s.INSTALLED_APPS)"
    )

    result = manage(home=tmp_path / "home", code=code, **PRODUCTION)

    assert result.stdout == "__Host-sid __Host-csrf True True True 31536000 False\n", result.stderr


def test_the_example_lists_exactly_the_variables_that_are_read() -> None:
    example = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)

    assert len(example) == len(set(example))
    assert set(example) - ONLY_DOCKER == variables_read()


def test_every_variable_of_the_example_is_explained_and_has_its_true_default() -> None:
    defaults = {
        **{name: str(value) for name, value in defaults_in_code().items()},
        "DEBUG": "0",
        "DEMONSTRATION": "",
        "POSTGRES_PASSWORD": "portal",
    }

    explained = False
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line.startswith("# ") and not line.startswith("# ---"):
            explained = True
        elif not line:
            explained = False
        elif not line.startswith("#"):
            name, value = line.split("=", 1)
            assert explained, f"{name} is not explained"
            assert value == defaults.get(name, ""), name


def variables_read() -> set[str]:
    """Return the names of the variables that the portal's modules and the Procfile read."""
    names = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "Procfile").read_text()))
    for call in calls_that_read():
        assert isinstance(call.args[0], ast.Constant)
        names.add(str(call.args[0].value))
    return names - {"PATH"}


def defaults_in_code() -> dict[str, object]:
    """Return the defaults that are written down beside the variables' names."""
    found: dict[str, object] = dict(
        re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", (ROOT / "Procfile").read_text())
    )
    for call in calls_that_read():
        function = ast.unparse(call.func)
        if len(call.args) > 1 and not function.endswith(("required", "switch")):
            with_default = call.args[1]
            if isinstance(with_default, ast.Constant) and isinstance(call.args[0], ast.Constant):
                found.setdefault(str(call.args[0].value), with_default.value)
    return found


def calls_that_read() -> list[ast.Call]:
    calls = []
    for path in sorted((ROOT / "portal").glob("*.py")):
        if path.name == "environment.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and re.match(
                r"environment\.\w+$|os\.environ\.get$|os\.getenv$", ast.unparse(node.func)
            ):
                calls.append(node)
    return calls
