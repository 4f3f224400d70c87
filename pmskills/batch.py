"""Folders of resumes: one result for every file, whatever is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pmskills.analysis import Analysis
from pmskills.documents import read_document
from pmskills.errors import DocumentError
from pmskills.pipeline import Analyzer, load


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file.

    Attributes
    ----------
    path
        The file.
    status
        ``ok``, or the reason of a `DocumentError`, or ``error`` for a fault of pmskills.
    message
        What was found and what to do; empty if ok.
    analysis
        None unless ok.
    """

    path: str
    status: str
    message: str
    analysis: Analysis | None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready line: path, status, message and, if ok, the analysis."""
        line: dict[str, Any] = {"path": self.path, "status": self.status, "message": self.message}
        return line | (self.analysis.to_dict() if self.analysis else {})


def files_below(folder: str | Path) -> list[Path]:
    """Return the files of a folder and its subfolders, in the order of their paths; hidden ones are left out."""
    root = Path(folder)
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )


def score(paths: Iterable[str | Path], analyzer: Analyzer | None = None) -> Iterator[Result]:
    """Analyze files one after the other; a bad file gives a result with its reason, never an exception.

    Parameters
    ----------
    paths
        The files.
    analyzer
        The model; by default the packaged one.
    """
    analyzer = analyzer or load()
    for path in paths:
        try:
            yield Result(str(path), "ok", "", analyzer(read_document(path)))
        except DocumentError as error:
            yield Result(str(path), error.reason, str(error), None)
        except Exception as error:  # whatever is wrong with one file, the others go on
            yield Result(str(path), "error", f"{path}: {type(error).__name__}: {error}", None)
