"""Modules that are installed on request only: `pip install 'pmskills[NAME]'`."""

from importlib import import_module
from typing import Any

from pmskills.errors import PMSkillsError


def extra(module: str, name: str) -> Any:
    """Import a module that an extra of pmskills installs.

    Raises
    ------
    PMSkillsError
        It is not installed; the text names the command.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise PMSkillsError(f"this needs {module} ({error}). Install it: pip install 'pmskills[{name}]'.") from None
