"""Where settings come from, which source is the stronger, and that every fault is named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.process import plugins
from bridge.settings import PREFIX, SEED_NAMES, WrongSettings, load

PEER = "/ip4/192.0.2.7/tcp/60000/p2p/16Uiu2HAmPLe7Mzm8TsYUubgCAW1aJoeFScxrLj8ppHFivPo97bUZ"

OTHER_PEER = PEER.replace("192.0.2.7", "192.0.2.8")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX) or name in SEED_NAMES:
            monkeypatch.delenv(name)


def write(folder: Path, text: str) -> Path:
    path = folder / "bridge.toml"
    path.write_text(text, "utf-8")
    return path


def problems(path: Path) -> dict[str, str]:
    with pytest.raises(WrongSettings) as caught:
        load(path, env_file=None)
    return {problem.key: f"{problem.text} | {problem.example}" for problem in caught.value.problems}


def test_the_stronger_source_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, 'name = "file"\n[waku]\nnode_port = 1\nshard = 1\ncluster_id = 1\n')
    dotenv = tmp_path / ".env"
    dotenv.write_text("DEMLS_WAKU__SHARD=2\nDEMLS_WAKU__CLUSTER_ID=2\nNODE_PORT=2\nBACKEND_PORT=3000\n")
    monkeypatch.setenv("DEMLS_WAKU__CLUSTER_ID", "3")
    settings = load(path, env_file=dotenv)
    assert (settings.name, settings.waku.node_port, settings.waku.shard, settings.waku.cluster_id) == (
        "file",
        2,
        2,
        3,
    )
    assert settings.waku.pubsub_topic == "/waku/2/rs/3/2"


@pytest.mark.parametrize("prefix", ["%", "!!", "b!"])
def test_another_prefix(tmp_path: Path, prefix: str) -> None:
    path = write(tmp_path, f'[commands]\nprefix = "{prefix}"\n')
    assert load(path, env_file=None).commands.prefix == prefix


@pytest.mark.parametrize("prefix", ["", "a", "x ", " ", "_", "much!"])
def test_a_prefix_that_would_eat_chat_is_refused(tmp_path: Path, prefix: str) -> None:
    found = problems(write(tmp_path, f'[commands]\nprefix = "{prefix}"\n'))
    assert list(found) == ["commands.prefix"]
    assert '"%"' in found["commands.prefix"]


def test_the_names_of_the_seed_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "client1")
    monkeypatch.setenv("NODE_PORT", "60001")
    monkeypatch.setenv("PEER_ADDRESSES", f"[{PEER}, {OTHER_PEER}]")
    settings = load(env_file=None)
    assert (settings.name, settings.waku.node_port, settings.waku.peer_addresses) == (
        "client1",
        60001,
        (PEER, OTHER_PEER),
    )
    monkeypatch.setenv("DEMLS_NAME", "stronger")
    monkeypatch.setenv("PEER_ADDRESSES", PEER)
    settings = load(env_file=None)
    assert (settings.name, settings.waku.peer_addresses) == ("stronger", (PEER,))


def test_all_faults_are_named_at_once_with_an_example(tmp_path: Path) -> None:
    found = problems(
        write(
            tmp_path,
            """
name = ""
nmae = "x"
[waku]
node_port = 70000
peer_addresses = ["nonsense"]
[[groups]]
name = "lobby"
[[groups]]
name = "Lobby!"
create = true
timing = { voting = 1 }
""",
        )
    )
    assert set(found) == {
        "name",
        "nmae",
        "waku.node_port",
        "waku.peer_addresses",
        "groups[0]",
        "groups[1].name",
        "groups[1].timing.voting",
    }
    assert "did you mean 'name'" in found["nmae"]
    assert found["waku.node_port"].endswith("node_port = 60000")
    assert "create = true" in found["groups[0]"]


def test_what_no_single_table_can_see(tmp_path: Path) -> None:
    group = '[[groups]]\nname = "lobby"\ncreate = true\nrooms = [{ platform = "matrix", room = "!a:x" }]\n'
    found = problems(write(tmp_path, group + group))
    assert set(found) == {"groups[0].rooms[0].platform", "groups[1].name", "groups[1].rooms[0].platform",
                          "groups[1].rooms[0].room"}  # fmt: skip


def test_a_secret_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("syt_file\n")
    path = write(tmp_path, '[adapters.matrix]\naccess_token_file = "token"\n')
    assert load(path, env_file=None).adapters == {"matrix": {"access_token": "syt_file"}}
    monkeypatch.setenv("DEMLS_ADAPTERS__MATRIX__ACCESS_TOKEN", "syt_environment")
    settings = load(path, env_file=None)
    assert settings.adapters["matrix"]["access_token"] == "syt_environment"
    assert "syt_" not in repr(settings)


def test_a_missing_secret_file_is_a_fault_that_names_the_key(tmp_path: Path) -> None:
    found = problems(write(tmp_path, '[adapters.matrix]\naccess_token_file = "none"\n'))
    assert list(found) == ["adapters.matrix.access_token_file"]


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    settings = load(write(tmp_path, 'data_dir = "d"\n[storage]\nkey_file = "k"\n'), env_file=None)
    assert settings.data_dir == tmp_path / "d"
    assert settings.storage.key_file == tmp_path / "k"
    assert settings.storage_url == f"sqlite:///{tmp_path / 'd' / 'bridge.db'}"


@pytest.mark.parametrize("text", ["name = ", "\xff\xfe", 'name = "a"\nname = "b"'])
def test_a_file_that_is_no_toml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bridge.toml"
    path.write_bytes(text.encode("latin-1"))
    assert list(problems(path)) == [str(path)]


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    assert "demls-bridge init" in problems(tmp_path / "none.toml")[str(tmp_path / "none.toml")]


def test_without_a_file_the_environment_may_say_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("GROUPS", '[{"name": "den", "create": true, "rooms": [{"platform": "web", "room": "den"}]}]'),
        ("ADAPTERS__WEB__PORT", "0"),
        ("ADAPTERS__WEB__ROOMS", '["den"]'),
        ("STORAGE__KEY_COMMAND", '["pass", "show", "key"]'),
        ("CHAIN__DAILY_LIMIT", "0.5"),
        ("OPS", '{"stall_limit": 9}'),
        ("OPS__METRICS_PORT", "7"),
    ):
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    settings = load(tmp_path / "none.toml", env_file=None)
    assert settings.groups[0].rooms[0].room == "den"
    assert settings.adapters == {"web": {"port": "0", "rooms": '["den"]'}}
    assert settings.storage.key_command == ("pass", "show", "key")
    assert str(settings.chain.daily_limit) == "0.5"
    assert settings.ops.metrics_port == 7
    (made,) = plugins.make_adapters(settings).values()
    assert made.platform == "web"


def test_whole_tables_of_adapters_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMLS_ADAPTERS", '{"web": {"port": 7}}')
    assert load(env_file=None).adapters == {"web": {"port": 7}}


def test_a_name_of_an_adapter_is_fit_for_a_folder(tmp_path: Path) -> None:
    for name in ("a/b", "..", "A", "x" * 33):
        assert f"adapters.{name}" in problems(write(tmp_path, f'[adapters."{name}"]\nplatform = "web"\n'))
    load(write(tmp_path, '[adapters.work_2]\nplatform = "web"\n'), env_file=None)


def test_true_is_no_number(tmp_path: Path) -> None:
    assert "whole number" in problems(write(tmp_path, "[waku]\nnode_port = true\n"))["waku.node_port"]


def test_peers_in_the_environment_have_the_seeds_form_under_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (PEER, f"[{PEER}]", f'["{PEER}"]'):
        monkeypatch.setenv("DEMLS_WAKU__PEER_ADDRESSES", value)
        assert load(env_file=None).waku.peer_addresses == (PEER,)
    monkeypatch.setenv("DEMLS_WAKU__PEER_ADDRESSES", "nonsense")
    with pytest.raises(WrongSettings, match=r"waku\.peer_addresses: .*nonsense"):
        load(env_file=None)


def test_other_lists_in_the_environment_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMLS_STORAGE__KEY_COMMAND", "pass show key")
    with pytest.raises(WrongSettings, match=r"storage\.key_command: .*lists must be JSON"):
        load(env_file=None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('node_port = "abc"', "must be a whole number"),
        ("node_port = 70000", "must be at most 65535"),
        ('mode = "remote"', "must be one of 'embedded' or 'rest'"),
        ('rest_url = "ftp://x"', "has a wrong form"),
        ('listen_address = "300.1.1.1"', "'300.1.1.1' is not an IP address"),
        ("peer_addresses = [1]", "must be text in quotes"),
        ("peer_addresses = 1", "must be a list"),
        ('peer_addresses = ["/ip4/192.0.2.7/tcp/60000"]', "/p2p/<peer id>"),
    ],
)
def test_a_fault_is_told_in_an_operators_words_with_an_example(tmp_path: Path, line: str, words: str) -> None:
    ((key, text),) = problems(write(tmp_path, f"[waku]\n{line}\n")).items()
    assert key.startswith("waku." + line.split(" = ", 1)[0])
    fault, _, example = text.partition(" | ")
    assert words in fault
    assert " = " in example


def test_a_value_where_a_table_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMLS_WAKU", "1")
    with pytest.raises(WrongSettings, match="waku: must be a table"):
        load(env_file=None)


def test_a_variable_that_means_nothing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMLS_WAKV__NODE_PORT", "1")
    with pytest.raises(WrongSettings, match="DEMLS_WAKV__NODE_PORT"):
        load(env_file=None)


def test_settings_are_frozen() -> None:
    settings = load(env_file=None)
    with pytest.raises(ValueError, match="frozen"):
        settings.waku.node_port = 1  # type: ignore[misc]


def test_an_unknown_platform_of_a_named_table(tmp_path: Path) -> None:
    settings = load(write(tmp_path, '[adapters.work]\nplatform = "smoke"\n'), env_file=None)
    with pytest.raises(WrongSettings) as caught:
        plugins.make_adapters(settings)
    (problem,) = caught.value.problems
    assert problem.key == "adapters.work.platform"
    assert "installed are discord, matrix, web" in problem.text
