"""A record of results as a row of a table."""

from collections.abc import Mapping, Sequence
from typing import Any


def row(record: Mapping[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    """Return a record as one row of a table, without lists: counts and the strongest evidence of each label.

    Parameters
    ----------
    record
        A record of `score_contents`.
    labels
        The labels of the model, for the columns of a record that failed.
    """
    skills = record.get("skills", {})
    flat: dict[str, Any] = {
        "path": record["path"],
        "status": record["status"],
        "message": record["message"],
        "media_type": record.get("media_type"),
        "pages": record.get("pages"),
        "characters": record.get("characters"),
        "statements": next((skill["coverage"]["statements"] for skill in skills.values()), None),
        "jobs": next((skill["coverage"]["of_jobs"] for skill in skills.values()), None),
        "warnings": "; ".join(record.get("warnings", ())),
    }
    for label in labels:
        skill = skills.get(label)
        best = skill["strongest"] if skill else None
        flat[f"{label}_units"] = skill["coverage"]["units"] if skill else None
        flat[f"{label}_jobs"] = len(skill["coverage"]["jobs"]) if skill else None
        flat[f"{label}_probability"] = best["probability"] if best else None
        flat[f"{label}_strongest"] = best["text"] if best else None
    return flat


def evidence_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the evidence of all labels of a record, in the order of the labels and of the text."""
    return [item for skill in record.get("skills", {}).values() for item in skill["evidence"]]
