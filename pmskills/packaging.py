"""A model folder to a wheel that `pip install` takes and `pmskills.load` and `spacy.load` find by name."""

import base64
import hashlib
import json
import keyword
import re
import sys
import zipfile
from pathlib import Path

from pmskills.errors import ModelError
from pmskills.model_files import read_json

# Wheels made of the same model are equal, byte by byte.
_WHEN = (2020, 1, 1, 0, 0, 0)


def package(folder: str | Path, output: str | Path, *, name: str, version: str = "1.0.0") -> Path:
    """Make a wheel of a model (the format of PEP 427; nothing is built or downloaded).

    Parameters
    ----------
    folder
        A model folder, made by `pmskills train`.
    output
        The folder for the wheel; made if needed.
    name
        Name to install and load it by: letters, digits and underscores.
    version
        Its version, as PEP 440 has it.

    Returns
    -------
    Path
        The wheel. After ``pip install``, ``pmskills.load(name)`` and ``spacy.load(name)`` give the model.

    Raises
    ------
    ModelError
        There is no model in the folder, or name or version are none.

    Examples
    --------
    >>> import tempfile
    >>> from pmskills.model_files import packaged_model
    >>> package(packaged_model(), tempfile.mkdtemp(), name="team_skills").name
    'team_skills-1.0.0-py3-none-any.whl'
    """
    source = Path(folder)
    if not (source / "meta.json").is_file():
        raise ModelError(f"{source}: no model here (meta.json is missing). Expected a folder made by `pmskills train`.")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ModelError(f"{name!r}: not a name for a package. Use letters, digits and underscores.")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name == "pmskills":
        raise ModelError(f"{name!r}: taken by Python or by pmskills itself. Choose another name.")
    if not re.fullmatch(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?", version):
        raise ModelError(f"{version!r}: not a version. Use numbers with dots, as 1.0.0.")
    meta = read_json(source / "meta.json")
    needs = _requirement()
    files = {f"{name}/model/{path.relative_to(source).as_posix()}": path.read_bytes() for path in _files(source)}
    files[f"{name}/__init__.py"] = _INIT.encode()
    # spaCy looks for the meta data beside the code.
    files[f"{name}/meta.json"] = json.dumps(meta | {"name": name, "version": version}, indent=1).encode()
    info = f"{name}-{version}.dist-info"
    readme = source / "README.md"
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        f"Summary: A pmskills model for {', '.join(meta.get('pmskills', {}).get('labels', []))}\n"
        f"Requires-Dist: {needs}\nDescription-Content-Type: text/markdown\n\n"
        f"{readme.read_text(encoding='utf8') if readme.is_file() else ''}"
    ).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: pmskills\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = f"[spacy_models]\n{name} = {name}\n".encode()
    record = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    target = Path(output)
    target.mkdir(parents=True, exist_ok=True)
    wheel = target / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, _WHEN), data, zipfile.ZIP_DEFLATED)
    return wheel


_INIT = '''"""A pmskills model."""

from pathlib import Path

folder = Path(__file__).parent / "model"


def load(**overrides):
    """Load it as a spaCy pipeline; `pmskills.load` gives an Analyzer."""
    import pmskills

    return pmskills.load(folder).nlp
'''


def _files(source: Path) -> list[Path]:
    return sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _requirement() -> str:
    from importlib.metadata import version

    return f"pmskills>={version('pmskills')}"


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
