"""Settings are read once, typed and bounded, and a wrong one is told in a sentence that repeats no secret."""

import stat
from pathlib import Path

import pytest

from api.identity.keys import SecretFileError, keep_secret, make_ring
from api.settings import Mode, SettingsError, read_settings
from storage.address import as_application, describe, normalise
from storage.embedded import Durability

SECRET = "s" * 32


def test_nothing_need_be_set() -> None:
    """Without any setting a developer's server results, for this machine alone."""
    settings = read_settings({"PATH": "/bin", "HOME": "/nowhere"})
    assert (settings.host, settings.port, settings.mode) == ("127.0.0.1", 8000, Mode.DEVELOPMENT)
    assert settings.database_url is None
    assert settings.durability is Durability.FULL


def test_all_can_be_set() -> None:
    """Each setting arrives in its final type, under its short name or its long one."""
    settings = read_settings(
        {
            "HOST": "0.0.0.0",
            "TOUCHLINE_PORT": "9000",
            "DATA_DIR": "/tmp/x",
            "MODE": "Production",
            "SECRET_KEY": SECRET,
            "DATABASE_URL": "postgres://u:p@db/club",
            "CORS_ORIGINS": "https://a.example, http://b.example:8080",
            "DURABILITY": "test",
            "WEBSOCKET_ORIGINS": " ",
            "OPS_PASSWORD": "sixteen letters.",
            "ERROR_HOOK": "their.module:Class.hook",
        }
    )
    assert settings.port == 9000
    assert settings.data_dir == Path("/tmp/x")
    assert settings.is_production
    assert settings.database_url == "postgresql://u:p@db/club"
    assert settings.cors_origins == ("https://a.example", "http://b.example:8080")
    assert settings.websocket_origins == ()
    assert settings.durability is Durability.TEST
    assert (settings.ops_password, settings.error_hook) == ("sixteen letters.", "their.module:Class.hook")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "8_000"),
        ("PORT", "٨"),
        ("PORT", "9" * 400),
        ("HOST", "a b"),
        ("MODE", "prod"),
        ("DURABILITY", "none"),
        ("SECRET_KEY", "short-and-sweet"),
        ("SECRET_KEY_PREVIOUS", "short-and-sweet"),
        ("METRICS_TOKEN", "short-and-sweet"),
        ("OPS_PASSWORD", "short-and-sweet"),
        ("ERROR_HOOK", "their.module"),
        ("ERROR_HOOK", "their module:hook"),
        ("ERROR_HOOK", ":hook"),
        ("ERROR_HOOK", "a..b:hook"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example/"),
        ("CORS_ORIGINS", "a.example"),
        ("WEBSOCKET_ORIGINS", "null"),
        ("DATABASE_URL", "mysql://u:hunter2@db/club"),
        ("DATABASE_URL", "postgresql://u:hunter2@db"),
        ("DATABASE_URL", "postgresql://u:hunter2@db:port/club"),
        ("DATABASE_URL", "hunter2"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    """A sentence names the setting, and holds no secret of it."""
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value})
    assert str(caught.value).startswith(f"{name} cannot be used: ")
    assert "hunter2" not in str(caught.value)
    assert "short-and-sweet" not in str(caught.value)


def test_unknown_long_names_are_refused() -> None:
    """A slip in a name is found, instead of being without effect."""
    with pytest.raises(SettingsError, match="TOUCHLINE_PROT is not a setting"):
        read_settings({"TOUCHLINE_PROT": "9000"})
    with pytest.raises(SettingsError, match="PORT and TOUCHLINE_PORT are both set"):
        read_settings({"TOUCHLINE_PORT": "9000", "PORT": "9001"})


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("TRUSTED_PROXIES", "10.0.0.0/8, fdaa::/16 ,66.51.122.70", "10.0.0.0/8 fdaa::/16 66.51.122.70/32"),
        ("TRUSTED_PROXIES", ",", ""),
        ("TRUSTED_PROXIES", "10.0.0.1/8", None),
        ("TRUSTED_PROXIES", "0.0.0.0/0", None),
        ("TRUSTED_PROXIES", "::/0", None),
        ("TRUSTED_PROXIES", "proxy.example", None),
        ("TRUSTED_PROXIES", "*", None),
        ("RATE_FACTOR", "2.5", 2.5),
        ("RATE_FACTOR", "0", 0.0),
        ("RATE_FACTOR", "10000", 10_000.0),
        ("RATE_FACTOR", "10001", None),
        ("RATE_FACTOR", "-1", None),
        ("RATE_FACTOR", "nan", None),
        ("RATE_FACTOR", "1e3", None),
        ("DOCS", "OFF", False),
        ("DOCS", "on", True),
        ("DOCS", "no", None),
    ],
)
def test_the_edge(name: str, text: str, expected: object) -> None:
    """Proxies are networks and never everybody, the factor is a bounded number, a switch is on or off."""
    if expected is None:
        with pytest.raises(SettingsError, match=f"{name} cannot be used: "):
            read_settings({name: text})
        return
    read = getattr(read_settings({name: text}), name.lower())
    assert (" ".join(map(str, read)) if isinstance(read, tuple) else read) == expected


def test_limits_are_on_unasked() -> None:
    """Whoever starts the server has the budgets as they are told, and believes no proxy."""
    settings = read_settings({})
    assert (settings.rate_factor, settings.trusted_proxies, settings.docs) == (1.0, (), True)


def test_production_needs_a_secret() -> None:
    """A server for other people makes no secret up, and HOST alone says that it is one."""
    with pytest.raises(SettingsError, match="SECRET_KEY is missing"):
        read_settings({"MODE": "production"})
    with pytest.raises(SettingsError, match="since HOST lets other machines in"):
        read_settings({"HOST": "0.0.0.0"})
    assert read_settings({"HOST": "0.0.0.0", "MODE": "development"}).mode is Mode.DEVELOPMENT
    assert read_settings({"HOST": "::1"}).mode is Mode.DEVELOPMENT
    assert read_settings({"HOST": "192.168.1.5", "SECRET_KEY": SECRET}).is_production


def test_the_secret_of_development_is_kept(tmp_path: Path) -> None:
    """It is made once, for its owner's eyes alone, and a damaged one is told."""
    kept = keep_secret(tmp_path, lambda size: b"x" * size)
    assert keep_secret(tmp_path, lambda size: b"y" * size) == kept
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    (tmp_path / "secret.key").write_text("cut\n")
    with pytest.raises(SecretFileError, match="too short"):
        keep_secret(tmp_path, lambda size: b"y" * size)
    (tmp_path / "secret.key").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretFileError, match="cannot be read"):
        keep_secret(tmp_path, lambda size: b"y" * size)


def test_keys_of_two_secrets_differ() -> None:
    """Each purpose has a key of its own; the previous secret still reads, and no longer signs."""
    old, new = make_ring(b"o" * 32), make_ring(b"n" * 32, b"o" * 32)
    assert new.current != old.current
    assert new.access.keys() == {new.current, old.current}
    assert not set(new.refresh) & set(new.access.values())


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "PostgreSQL"])
def test_addresses_have_one_form(scheme: str) -> None:
    """Every driver's spelling is read, and what is told of it holds neither user nor password."""
    dsn = normalise(f" {scheme}://me:hunter2@db.example:6432/club?sslmode=require ")
    assert dsn == "postgresql://me:hunter2@db.example:6432/club?sslmode=require"
    assert describe(dsn) == "club at db.example:6432"
    assert describe("postgresql://me@/club?host=/run/pg&port=5433") == "club at /run/pg:5433"
    assert "role=touchline_app" in as_application(dsn)
    assert as_application(as_application(dsn)) == as_application(dsn)
