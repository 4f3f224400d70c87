"""Model folders as files: which one is packaged, what names it, which labels it has; without loading it."""

import gzip
import hashlib
import json
import zlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pmskills.errors import ModelError

PACKAGED = "pm_evidence"
MOST_BYTES = 500_000_000


def packaged_model() -> Path:
    """Return the folder of the model that comes with the package.

    Raises
    ------
    ModelError
        It is not there.
    """
    here = Path(__file__).parent
    for folder in (here / "models" / PACKAGED, here.parent / "models" / PACKAGED):
        if folder.is_dir():
            return folder
    raise ModelError(f"the packaged model {PACKAGED} is missing from {here}. Install pmskills again.")


def installed_model(name: str) -> Path | None:
    """Return the folder of a model that was installed under this name, if there is one; its code is not run."""
    if not name.isidentifier() or Path(name).exists():
        return None
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "meta.json").is_file() else None


def folder_of(model: str | Path | None) -> Path:
    """Return the folder of a model: of a folder or an installed model's name, or the packaged one."""
    return packaged_model() if model is None else installed_model(str(model)) or Path(model)


@cache
def fingerprint(folder: Path) -> str:
    """Return a name for a model that changes when any of its files does: folder name, dash, 12 hex digits.

    Raises
    ------
    ModelError
        The folder holds no model.
    """
    if not (folder / "meta.json").is_file():
        raise ModelError(f"{folder}: no model here (meta.json is missing). Expected a folder made by `pmskills train`.")
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{folder.name}-{digest.hexdigest()[:12]}"


def labels_of(folder: Path) -> tuple[str, ...]:
    """Return the labels of a model, in column order.

    Raises
    ------
    ModelError
        The folder holds no model.
    """
    return tuple(read_json(folder / "pm_skills" / "labels.json")["labels"])


def read_features(part: Path) -> dict[str, Any]:
    """Return what a model's part pm_skills says of its features; before format 5 the file was not compressed.

    Raises
    ------
    ModelError
        As `read_json`.
    """
    packed = part / "features.json.gz"
    return read_json(packed if packed.is_file() else part / "features.json")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file of a model, compressed where its name ends in ``.gz``.

    Raises
    ------
    ModelError
        The file is missing, is not a JSON object, or unpacks to more than 500 MB.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                data = file.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise ModelError(f"{path}: refused, it unpacks to more than {MOST_BYTES // 10**6} MB.")
        else:
            data = path.read_bytes()
        value = json.loads(data)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}). Build the model again with `pmskills train`.") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path}: expected an object, found {type(value).__name__}.")
    return value
