"""`init` writes a file that is valid and commented, and says how its times depart from the seed's."""

from __future__ import annotations

from pathlib import Path

from bridge.settings import load
from tests.cli.conftest import Cli

PEER = "/ip4/192.0.2.7/tcp/60000/p2p/16Uiu2HAmPLe7Mzm8TsYUubgCAW1aJoeFScxrLj8ppHFivPo97bUZ"
MATRIX = (
    "--homeserver",
    "https://matrix.example.org",
    "--user-id",
    "@bot:example.org",
    "--room",
    "!r:example.org",
)


def test_everything_by_options(cli: Cli, tmp_path: Path) -> None:
    config, token = tmp_path / "bridge.toml", tmp_path / "token"
    token.write_text("syt_very_secret\n")
    result = cli(
        "init",
        "-c",
        config,
        "--name",
        "b1",
        "--group",
        "lobby",
        "--peers",
        PEER,
        "--token-file",
        token,
        *MATRIX,
    )
    assert result.code == 0, result.err
    assert "departs" in result.out
    settings = load(config, env_file=None)
    (group,) = settings.groups
    assert (settings.name, group.name, group.create, group.timing.voting, group.chat_during_ballot) == (
        "b1",
        "lobby",
        True,
        600,
        "send",
    )
    assert settings.waku.peer_addresses == (PEER,)
    matrix = settings.adapters["matrix"]
    assert (matrix["homeserver"], matrix["user_id"]) == ("https://matrix.example.org", "@bot:example.org")
    assert matrix["access_token"] == "syt_very_secret"
    assert "syt_very_secret" not in config.read_text() + result.out + result.err
    for path in (config, tmp_path / "secrets" / "matrix.token"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_seeds_times_on_request(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    result = cli("init", "-c", config, "--demo-times", "--homeserver", "-")
    assert result.code == 0, result.err
    assert "departs" not in result.out
    (group,) = load(config, env_file=None).groups
    assert (group.timing.voting, group.chat_during_ballot) == (30, "wait")


def test_a_full_name_is_joined(cli: Cli, tmp_path: Path) -> None:
    config, name = tmp_path / "bridge.toml", "demls:lobby@0x" + "ab" * 20
    assert cli("init", "-c", config, "--group", name, "--homeserver", "-").code == 0
    (group,) = load(config, env_file=None).groups
    assert (group.name, group.create) == (name, False)


def test_the_page_is_offered_and_loopback_only(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    result = cli("init", "-c", config, "--group", "den", *MATRIX)
    assert result.code == 0, result.err
    assert "demls-bridge invite" in result.out
    settings = load(config, env_file=None)
    (group,) = settings.groups
    assert [(room.platform, room.room) for room in group.rooms] == [
        ("matrix", "!r:example.org"),
        ("web", "den"),
    ]
    assert settings.adapters["web"]["listen"] == "127.0.0.1"
    assert settings.adapters["web"]["rooms"] == ["den"]


def test_the_page_of_a_group_of_others(cli: Cli, tmp_path: Path) -> None:
    config, name = tmp_path / "bridge.toml", "demls:den@0x" + "ab" * 20
    assert cli("init", "-c", config, "--group", name, "--homeserver", "-").code == 0
    settings = load(config, env_file=None)
    assert [(room.platform, room.room) for room in settings.groups[0].rooms] == [("web", "den")]


def test_no_page_when_it_is_not_wanted(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    result = cli("init", "-c", config, "--no-page", "--homeserver", "-")
    assert result.code == 0, result.err
    assert "invite" not in result.out
    settings = load(config, env_file=None)
    assert (settings.groups[0].rooms, dict(settings.adapters)) == ((), {})


def test_an_existing_file_is_kept(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text("mine")
    result = cli("init", "-c", config, "--homeserver", "-")
    assert result.code == 1
    assert "--force" in result.err
    assert config.read_text() == "mine"
    assert cli("init", "-c", config, "--homeserver", "-", "--force").code == 0


def test_a_wrong_answer_is_named(cli: Cli, tmp_path: Path) -> None:
    for key, options in (
        ("groups[0].name", ("--group", "Not a name!", "--homeserver", "-")),
        ("waku.peer_addresses", ("--peers", "/ip4/192.0.2.7/tcp/60000", "--homeserver", "-")),
        ("adapters.matrix.homeserver", ("--homeserver", "matrix.example.org")),
    ):
        result = cli("init", "-c", tmp_path / "bridge.toml", *options)
        assert result.code == 2
        assert key in result.err
        assert list(tmp_path.iterdir()) == [], "a wrong answer leaves nothing behind"


def test_without_a_token_its_place_is_made_and_named(cli: Cli, tmp_path: Path) -> None:
    config, token = tmp_path / "bridge.toml", tmp_path / "secrets" / "matrix.token"
    result = cli("init", "-c", config, *MATRIX)
    assert result.code == 0, result.err
    assert str(token) in result.out
    assert token.stat().st_mode & 0o777 == 0o600
    result = cli("check", "-c", config)
    assert result.code == 2
    assert "adapters.matrix.access_token" in result.err


def test_a_token_that_is_there_is_kept(cli: Cli, tmp_path: Path) -> None:
    config, token = tmp_path / "bridge.toml", tmp_path / "secrets" / "matrix.token"
    token.parent.mkdir()
    token.write_text("syt_kept\n")
    assert cli("init", "-c", config, *MATRIX).code == 0
    assert token.read_text() == "syt_kept\n"
