"""`demls-bridge invite`: a link by which somebody opens an account on a platform with accounts of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.output import DEFAULT_CONFIG, ConfigOption, UserError, out
from bridge.model.adapter import SettingsError
from bridge.model.view import Invites
from bridge.process import plugins
from bridge.settings import Problem, Settings, WrongSettings, load


def invite(
    name: Annotated[str, typer.Argument(help="What the invited person is called; they may change it.")] = "",
    operator: Annotated[bool, typer.Option("--operator", help="Give them the operator's view too.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print a link by which somebody opens an account on the page.

    Works while the bridge runs and while it does not. Whoever has the link has the account: send it privately.
    """
    settings = load(config)
    platform, plugin = _hosting(settings)
    folder = settings.data_dir / platform
    table = plugins.read(platform, settings.adapters[platform]).table
    try:
        link = plugin.invite(table, folder, name.strip(), operator=operator)
    except SettingsError as error:
        problem = Problem(f"adapters.{platform}.{error.key}", error.problem, error.example)
        raise WrongSettings([problem]) from error
    except OSError as error:
        raise UserError(f"the invitation cannot be stored in {folder}: {error.strerror}") from error
    out.print(link, markup=False)


def _hosting(settings: Settings) -> tuple[str, Invites]:
    """The configured platform that has accounts of its own. Raises UserError when there is none."""
    for name in settings.adapters:
        plugin = plugins.load(settings.platform(name))
        if isinstance(plugin, Invites):
            return name, plugin
    raise UserError(
        "no configured platform has accounts of its own: people join by their accounts there, with !join",
        "add a table [adapters.web] for the page, and a room of it to a group (`demls-bridge init` shows how)",
    )
